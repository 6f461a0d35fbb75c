import type { PerformanceBin } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { countOf, countText, scoreText } from "../parts/format.ts";
import { Wide } from "../parts/wide.tsx";
import { figureText } from "./performance-words.ts";
import { SharePlot } from "./share-plot.tsx";

const TICKS = [0, 0.25, 0.5, 0.75, 1].map((tick) => [tick, scoreText(tick)] as const);

/** The share at which the risk occurred by score, as a plot and as a table. */
export function Calibration({ bins }: { bins: readonly PerformanceBin[] }) {
  const known = bins.filter(({ rows }) => rows > 0n);
  return (
    <>
      <p className="quiet">
        Across: the mean score of the suppliers with a score in one range. Up: the share of them at which the risk
        occurred. On the dashed line, both are equal.
      </p>
      <SharePlot
        label={`Share at which the risk occurred by mean score, ${countOf(known.length, "range")} of scores. The table of the ranges has the figures.`}
        hasDiagonal
        ticks={TICKS}
        shares={known.map(({ predicted = 0, observed, rows, fromScore }) => ({
          at: predicted,
          figure: observed,
          title: `Scores from ${scoreText(fromScore)}: mean ${scoreText(predicted)}, risk ${figureText(observed)}, ${countOf(rows, "outcome")}`,
        }))}
      />
      <details>
        <summary>All ranges as a table</summary>
        <Wide label="Ranges of scores">
          <table className="stacks">
            <thead>
              <tr>
                <th scope="col">Scores</th>
                <th scope="col">Outcomes</th>
                <th scope="col">Mean score</th>
                <th scope="col">Risk occurred</th>
              </tr>
            </thead>
            <tbody>
              {bins.map(({ fromScore, toScore, rows, predicted, observed }) => (
                <tr key={fromScore}>
                  <th scope="row">{`${scoreText(fromScore)} to ${scoreText(toScore)}`}</th>
                  <td className="number labelled" data-label="Outcomes">
                    {countText(rows)}
                  </td>
                  <td className="number labelled" data-label="Mean score">
                    {scoreText(predicted)}
                  </td>
                  <td className="number labelled" data-label="Risk occurred">
                    {figureText(observed)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      </details>
    </>
  );
}
