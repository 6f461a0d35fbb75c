import { SegmentFigure, type SegmentPerformance } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { Badge } from "../parts/badges.tsx";
import { countText } from "../parts/format.ts";
import { Name } from "../parts/name.tsx";
import { Wide } from "../parts/wide.tsx";
import { figureText, segmentName } from "./performance-words.ts";

/** The segments with their figures; those that differ from all others outside chance say so. */
export function SegmentsTable({ segments }: { segments: readonly SegmentPerformance[] }) {
  return (
    <Wide label="Segments">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">Segment</th>
            <th scope="col">Outcomes</th>
            <th scope="col">AUC</th>
            <th scope="col">Risk minus mean score</th>
            <th scope="col">Differs from all others</th>
          </tr>
        </thead>
        <tbody>
          {segments.map((segment) => (
            <tr key={`${segment.kind} ${segment.segment}`}>
              <th scope="row">
                <Name>{segmentName(segment)}</Name>
              </th>
              <td className="number labelled" data-label="Outcomes">
                {countText(segment.performance?.rows ?? 0n)}
              </td>
              <td className="number labelled" data-label="AUC">
                {figureText(segment.performance?.auc)}
              </td>
              <td className="number labelled whole" data-label="Risk minus mean score">
                {figureText(segment.performance?.calibrationGap, true)}
              </td>
              <td className="why labelled" data-label="Differs from all others">
                <Differences of={segment} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function Differences({ of: { differences } }: { of: SegmentPerformance }) {
  if (differences.length === 0) return <>too few outcomes to compare</>;
  const flagged = differences.filter((difference) => difference.flagged);
  if (flagged.length === 0) return <>not outside chance</>;
  return (
    <>
      <Badge tone="careful">Differs</Badge>
      {flagged.map(({ figure, difference }) => (
        <small key={figure}>
          {`${figure === SegmentFigure.AUC ? "AUC" : "Risk minus mean score"} ${figureText(difference, true)}`}
        </small>
      ))}
    </>
  );
}
