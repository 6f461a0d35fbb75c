import type {
  GetPerformanceResponse,
  PerformanceFigure,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { scoreText } from "../parts/format.ts";
import { Wide } from "../parts/wide.tsx";
import { figureText } from "./performance-words.ts";
import { scorecardName } from "./scorecard-words.ts";

type Figure = PerformanceFigure | undefined;
type Beside = readonly [figure: Figure, difference?: Figure];
type Row = readonly [name: string, figure: Figure, scorecard?: Beside, trivial?: Beside];

/** The figures of all weeks, in comparison with predictions that need no model, and with the scorecard. */
export function FiguresTable({ answer }: { answer: GetPerformanceResponse }) {
  const { overall, alertThreshold, capacity, ruleSets } = answer;
  const base = overall?.baseline;
  const card = overall?.scorecard;
  const threshold = ruleSets.length > 1 ? "the alert thresholds" : `score ${scoreText(alertThreshold)}`;
  const highest = `the ${capacity} highest scores a week`;
  const rows: readonly Row[] = [
    ["AUC", overall?.auc, [card?.auc, card?.aucDifference], [base?.lastLabelAuc, base?.aucDifference]],
    [
      "Average precision",
      overall?.averagePrecision,
      [card?.averagePrecision, card?.averagePrecisionDifference],
      [base?.lastLabelAveragePrecision, base?.averagePrecisionDifference],
    ],
    [
      "Brier score (lower is better)",
      overall?.brier,
      [card?.brier, card?.brierDifference],
      [base?.baseRateBrier, base?.brierDifference],
    ],
    [
      "Log loss (lower is better)",
      overall?.logLoss,
      [card?.logLoss, card?.logLossDifference],
      [base?.baseRateLogLoss, base?.logLossDifference],
    ],
    ["Share at which the risk occurred", overall?.observedRate],
    ["That share minus the mean score", overall?.calibrationGap],
    [`Precision from ${threshold}`, overall?.atThreshold?.precision, [card?.atThreshold?.precision]],
    [`Recall from ${threshold}`, overall?.atThreshold?.recall, [card?.atThreshold?.recall]],
    [
      `Precision of ${highest}`,
      overall?.atCapacity?.precision,
      [card?.atCapacity?.precision, card?.capacityPrecisionDifference],
    ],
    [`Recall of ${highest}`, overall?.atCapacity?.recall, [card?.atCapacity?.recall]],
  ];
  const name = card ? scorecardName(answer) : "";
  const columns = ["Without a model", "Difference", ...(name === "" ? [] : [name, "Difference from it"])];
  return (
    <Wide label="Figures">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">Figure (95 % interval)</th>
            <th scope="col">Model</th>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([figureName, figure, scorecard, trivial]) => (
            <tr key={figureName}>
              <th scope="row">{figureName}</th>
              <td className="number labelled" data-label="Model">
                {figureText(figure, figureName.startsWith("That"))}
              </td>
              {[trivial?.[0], trivial?.[1], scorecard?.[0], scorecard?.[1]]
                .slice(0, columns.length)
                .map((beside, i) => (
                  <td key={columns[i]} className="number labelled" data-label={columns[i]}>
                    {beside ? figureText(beside, i % 2 === 1) : "–"}
                  </td>
                ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
