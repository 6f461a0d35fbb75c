import type { Contribution } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { countOf, featureText, signedText } from "../parts/format.ts";
import { type ContributionLine, contributionLines } from "../parts/score-reasons.ts";
import { linearScale } from "./linear-scale.ts";
import { stackWaterfall, type WaterfallBar } from "./waterfall.ts";

const WIDTH = 860;
const ROW = 30;
const BAR = 16;
/** Coordinates of the plot: names are left of the bars, and numbers are in the margin at the right. */
const NAMES_END = 330;
const BARS = [NAMES_END + 20, WIDTH - 84] as const;
const SHOWN = 12;
const LONGEST_NAME = 46;

/**
 * Plots how the contributions lead from the base value to the model's output: the largest first, the rest as
 * one bar.
 */
export function WaterfallPlot({ base, contributions }: { base: number; contributions: readonly Contribution[] }) {
  const { bars, output, domain } = stackWaterfall(base, contributionLines(contributions), SHOWN);
  const x = linearScale(domain, BARS);
  const height = (bars.length + 2) * ROW + 8;
  const row = (index: number): number => index * ROW + ROW / 2 + 4;
  const label = `Waterfall from the average ${signedText(base)} by ${contributions.length} contributions to ${signedText(output)}`;
  return (
    <svg className="plot" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={label}>
      <line className="base" x1={x(base)} x2={x(base)} y1={row(0)} y2={row(bars.length + 1)} />
      <Total y={row(0)} x={x(base)} name="Average of all suppliers" value={base} />
      {bars.map((bar, i) => (
        <Bar key={bar.share?.feature ?? ""} bar={bar} x={x} y={row(i + 1)} />
      ))}
      <Total y={row(bars.length + 1)} x={x(output)} name="This supplier" value={output} />
    </svg>
  );
}

function Bar({ bar, x, y }: { bar: WaterfallBar<ContributionLine>; x: (value: number) => number; y: number }) {
  const name = bar.share ? shareText(bar.share) : `${bar.features} other features`;
  const [start, end] = [Math.min(x(bar.from), x(bar.to)), Math.max(x(bar.from), x(bar.to))];
  return (
    <g>
      <title>{`${name}: ${signedText(bar.contribution, 3)}`}</title>
      <text className="name" x={NAMES_END} y={y + 4} textAnchor="end">
        {name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name}
      </text>
      <rect
        className="bar"
        data-raises={bar.contribution > 0}
        x={start}
        y={y - BAR / 2}
        width={Math.max(1.5, end - start)}
        height={BAR}
        rx={2}
      />
      <line className="joint" x1={x(bar.to)} x2={x(bar.to)} y1={y + BAR / 2} y2={y + ROW - BAR / 2} />
      <text x={end + 6} y={y + 4}>
        {signedText(bar.contribution)}
      </text>
    </g>
  );
}

function Total({ x, y, name, value }: { x: number; y: number; name: string; value: number }) {
  return (
    <g className="total">
      <text className="name" x={NAMES_END} y={y + 4} textAnchor="end">
        {name}
      </text>
      <line x1={x} x2={x} y1={y - BAR / 2} y2={y + BAR / 2} />
      <text x={x + 6} y={y + 4}>
        {signedText(value)}
      </text>
    </g>
  );
}

/** Returns a feature with its value and the typical value as text, when they were recorded. */
function shareText({ feature, seen, words }: ContributionLine): string {
  if (words.length > 0) return `${featureText(feature)} (${countOf(words.length, "word")})`;
  return visibleText(seen ? `${featureText(feature)}: ${seen}` : featureText(feature));
}
