import type { DriftBin } from "@bellwether/gen/bellwether/ops/v1/batch_pb";

const WIDTH = 144;
const HEIGHT = 36;

/** Two distributions: filled bars are the week, outlined ones the reference. Nothing without bins. */
export function DriftPlot({ bins }: { bins: readonly DriftBin[] }) {
  if (bins.length === 0) return null;
  const step = WIDTH / bins.length;
  const largest = Math.max(...bins.flatMap((bin) => [bin.referenceShare, bin.presentShare]), 0.01);
  const bar = (i: number, share: number) => ({
    x: i * step + 0.5,
    width: Math.max(1, step - 1),
    y: HEIGHT - (share / largest) * (HEIGHT - 1),
    height: (share / largest) * (HEIGHT - 1),
  });
  return (
    <svg className="drift-plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} role="img">
      <title>{bins.map(binText).join("; ")}</title>
      {bins.map((bin, i) => (
        <g key={`${bin.lower} ${bin.upper} ${bin.category}`}>
          <rect className="now" {...bar(i, bin.presentShare)} />
          <rect className="before" {...bar(i, bin.referenceShare)} />
        </g>
      ))}
    </svg>
  );
}

/** A bin in words, for example "10 to 20: 12 % before, 15 % now". */
function binText({ lower, upper, category, referenceShare, presentShare }: DriftBin): string {
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  const range =
    category !== undefined
      ? category || "others"
      : lower === upper
        ? numberText(lower)
        : lower === undefined
          ? `up to ${numberText(upper)}`
          : upper === undefined
            ? `above ${numberText(lower)}`
            : `${numberText(lower)} to ${numberText(upper)}`;
  return `${range}: ${percent(referenceShare)} before, ${percent(presentShare)} now`;
}

const numberText = (value: number | undefined): string =>
  value === undefined ? "all" : String(Number(value.toPrecision(3)));
