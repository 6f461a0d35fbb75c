import type { AliasMove } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { timeText } from "../parts/format.ts";
import { Name } from "../parts/name.tsx";
import { Wide } from "../parts/wide.tsx";

/** The changes of the champion, newest first. */
export function HistoryTable({ moves }: { moves: readonly AliasMove[] }) {
  return (
    <Wide label="Production history">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">Who</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {moves.map(({ fromVersion, toVersion, movedAt, movedBy, reason }) => (
            <tr key={`${movedAt?.seconds} ${movedAt?.nanos} ${toVersion}`}>
              <th scope="row">{timeText(movedAt)}</th>
              <td className="labelled" data-label="From">
                {visibleText(fromVersion) || "none"}
              </td>
              <td className="labelled" data-label="To">
                {visibleText(toVersion)}
              </td>
              <td className="labelled" data-label="Who">
                <Name>{movedBy}</Name>
              </td>
              <td className="why">
                <Name>{reason}</Name>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
