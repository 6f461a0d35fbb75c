import type {
  GetPerformanceResponse,
  PerformanceFigure,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { scoreText } from "../parts/format.ts";
import { Wide } from "../parts/wide.tsx";
import { figureText } from "./performance-words.ts";

type Figure = PerformanceFigure | undefined;
type Row = readonly [name: string, figure: Figure, trivial?: Figure, difference?: Figure];

/** The figures of all weeks, in comparison with predictions that need no model. */
export function FiguresTable({ answer }: { answer: GetPerformanceResponse }) {
  const { overall, alertThreshold, capacity, ruleSets } = answer;
  const base = overall?.baseline;
  const threshold = ruleSets.length > 1 ? "the alert thresholds" : `score ${scoreText(alertThreshold)}`;
  const rows: readonly Row[] = [
    ["AUC", overall?.auc, base?.lastLabelAuc, base?.aucDifference],
    ["Average precision", overall?.averagePrecision, base?.lastLabelAveragePrecision, base?.averagePrecisionDifference],
    ["Brier score (lower is better)", overall?.brier, base?.baseRateBrier, base?.brierDifference],
    ["Log loss (lower is better)", overall?.logLoss, base?.baseRateLogLoss, base?.logLossDifference],
    ["Share at which the risk occurred", overall?.observedRate],
    ["That share minus the mean score", overall?.calibrationGap],
    [`Precision from ${threshold}`, overall?.atThreshold?.precision],
    [`Recall from ${threshold}`, overall?.atThreshold?.recall],
    [`Precision of the ${capacity} highest scores a week`, overall?.atCapacity?.precision],
    [`Recall of the ${capacity} highest scores a week`, overall?.atCapacity?.recall],
  ];
  return (
    <Wide label="Figures">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">Figure (95 % interval)</th>
            <th scope="col">Model</th>
            <th scope="col">Without a model</th>
            <th scope="col">Difference</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, figure, trivial, difference]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="number labelled" data-label="Model">
                {figureText(figure, name.startsWith("That"))}
              </td>
              <td className="number labelled" data-label="Without a model">
                {trivial ? figureText(trivial) : "–"}
              </td>
              <td className="number labelled" data-label="Difference">
                {difference ? figureText(difference, true) : "–"}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
