import type { VersionPerformance, WeekPerformance } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { countText } from "../parts/format.ts";
import { Wide } from "../parts/wide.tsx";
import { hrefOf } from "../routing/route.ts";
import { figureText } from "./performance-words.ts";
import { sourceWords } from "./scorecard-words.ts";

/** The weeks, newest first. */
export function WeeksTable({ weeks }: { weeks: readonly WeekPerformance[] }) {
  return (
    <Wide label="Weeks">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">Week</th>
            <th scope="col">Outcomes</th>
            <th scope="col">With the risk</th>
            <th scope="col">AUC</th>
            <th scope="col">Scorecard</th>
            <th scope="col">Brier score</th>
            <th scope="col">Precision at capacity</th>
          </tr>
        </thead>
        <tbody>
          {weeks.toReversed().map(({ isoWeek, modelVersion, performance, coverage, scorecard }) => (
            <tr key={isoWeek}>
              <th scope="row">
                {isoWeek}
                <small>{visibleText(modelVersion) || "version not recorded"}</small>
              </th>
              <td className="number labelled" data-label="Outcomes">
                {countText(coverage?.labelled ?? 0n)} of {countText(coverage?.scored ?? 0n)}
                {coverage?.immature && <small>horizon not over</small>}
              </td>
              <td className="number labelled" data-label="With the risk">
                {countText(performance?.positives ?? 0n)}
              </td>
              <td className="number labelled" data-label="AUC">
                {figureText(performance?.auc)}
              </td>
              <td className="number labelled" data-label="Scorecard">
                {figureText(performance?.scorecard?.auc)}
                {scorecard && <small>{sourceWords(scorecard)}</small>}
              </td>
              <td className="number labelled" data-label="Brier score">
                {figureText(performance?.brier)}
              </td>
              <td className="number labelled" data-label="Precision at capacity">
                {figureText(performance?.atCapacity?.precision)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

interface VersionsTableProps {
  readonly modelName: string;
  readonly versions: readonly VersionPerformance[];
}

/** Each version over the weeks that it has scored, newest first. A scorecard is a version like any other. */
export function VersionsTable({ modelName, versions }: VersionsTableProps) {
  return (
    <Wide label="Versions">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Outcomes</th>
            <th scope="col">AUC</th>
            <th scope="col">Without a model</th>
            <th scope="col">Scorecard</th>
            <th scope="col">Average precision</th>
            <th scope="col">Brier score</th>
          </tr>
        </thead>
        <tbody>
          {versions.toReversed().map(({ modelVersion, firstWeek, lastWeek, performance }) => (
            <tr key={modelVersion}>
              <th scope="row">
                {modelVersion === "" ? (
                  "not recorded"
                ) : (
                  <a href={hrefOf({ page: "models", modelName, version: modelVersion, other: "" })}>
                    {visibleText(modelVersion)}
                  </a>
                )}
                <small>{firstWeek === lastWeek ? firstWeek : `${firstWeek} to ${lastWeek}`}</small>
              </th>
              <td className="number labelled" data-label="Outcomes">
                {countText(performance?.rows ?? 0n)}
              </td>
              <td className="number labelled" data-label="AUC">
                {figureText(performance?.auc)}
              </td>
              <td className="number labelled" data-label="Without a model">
                {figureText(performance?.baseline?.lastLabelAuc)}
              </td>
              <td className="number labelled" data-label="Scorecard">
                {figureText(performance?.scorecard?.auc)}
              </td>
              <td className="number labelled" data-label="Average precision">
                {figureText(performance?.averagePrecision)}
              </td>
              <td className="number labelled" data-label="Brier score">
                {figureText(performance?.brier)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
