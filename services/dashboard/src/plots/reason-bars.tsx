import type { SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { featureText, signedText } from "../parts/format.ts";
import { type ReasonLine, reasonLines } from "../parts/reason-lines.ts";
import { layOutDiverging } from "./diverging-bars.ts";

const WIDTH = 160;
const HEIGHT = 18;

interface ReasonBarsProps {
  readonly score: SupplierScore;
  /** Maximum number of rows. */
  readonly limit: number;
  /** Whether the typical values have a column. */
  readonly isWide?: boolean;
}

/**
 * The effects of the features on a score: a bar in percentage points to the right increases the risk, to the left
 * lowers it; a line marks last week's effect. Beside it the value, last week's value and the typical value.
 */
export function ReasonBars({ score, limit, isWide = false }: ReasonBarsProps) {
  const all = reasonLines(score);
  const lines = all.slice(0, limit);
  const { zero, bars } = layOutDiverging(
    lines.map(({ points, previousPoints }) => ({ value: points, previous: previousPoints })),
    WIDTH,
  );
  if (lines.length === 0) return null;
  const unit = lines[0]?.isInPoints ? "points" : "the model's unit";
  return (
    <table className="reasons stacks">
      <caption className="unseen">Effects of the features on the score, largest first, in {unit}</caption>
      <thead>
        <tr>
          <th scope="col">Feature</th>
          <th scope="col">Value</th>
          <th scope="col">Last week</th>
          {isWide && <th scope="col">Typical</th>}
          <th scope="col">Effect on the score, {unit}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line, i) => (
          <tr key={line.feature}>
            <th scope="row">{visibleText(featureText(line.feature))}</th>
            <td data-label="Value">{visibleText(line.value) || "not known"}</td>
            <td data-label="Last week" data-empty={line.previousValue === ""}>
              {visibleText(line.previousValue) || "–"}
            </td>
            {isWide && <td data-label="Typical">{visibleText(line.typical) || "–"}</td>}
            <td className="effect">
              <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
                <line className="zero" x1={zero} x2={zero} y1={0} y2={HEIGHT} />
                <rect
                  className="bar"
                  data-raises={line.points > 0}
                  x={bars[i]?.x ?? 0}
                  width={bars[i]?.width ?? 0}
                  y={3}
                  height={HEIGHT - 6}
                  rx={2}
                />
                {bars[i]?.previousX !== undefined && (
                  <line className="previous" x1={bars[i].previousX} x2={bars[i].previousX} y1={1} y2={HEIGHT - 1} />
                )}
              </svg>
              <span className="number">{pointsText(line)}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function pointsText({ points, previousPoints, isInPoints }: ReasonLine): string {
  const digits = isInPoints ? 1 : 2;
  const before = previousPoints === undefined ? "" : `, was ${signedText(previousPoints, digits)}`;
  return `${signedText(points, digits)}${before}`;
}
