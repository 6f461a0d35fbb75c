import { type KindRetention, RetentionUnit } from "@bellwether/gen/bellwether/ops/v1/retention_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { countOf, countText, dateText } from "../parts/format.ts";
import { Wide } from "../parts/wide.tsx";

/** Returns how long a kind of data is kept, as words. */
export function keptText({
  unit,
  amount,
  countedFrom,
}: Pick<KindRetention, "unit" | "amount" | "countedFrom">): string {
  if (unit === RetentionUnit.WEEKS) return countOf(amount, "week");
  if (unit === RetentionUnit.DAYS) return `${countOf(amount, "day")} after ${visibleText(countedFrom)}`;
  if (unit === RetentionUnit.FOREVER) return "forever";
  return unit === RetentionUnit.ELSEWHERE ? "by another system" : "unknown to this page";
}

/** How long each kind of data is kept, and what was removed because of its age. */
export function KindTable({ kinds }: { readonly kinds: readonly KindRetention[] }) {
  return (
    <Wide label="Retention of each kind of data">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">Data</th>
            <th scope="col">Kept</th>
            <th scope="col">Setting</th>
            <th scope="col">Removed</th>
          </tr>
        </thead>
        <tbody>
          {kinds.map((kind) => (
            <tr key={kind.kind}>
              <th scope="row">{visibleText(kind.title)}</th>
              <td className="labelled" data-label="Kept">
                {keptText(kind)}
              </td>
              <td className="labelled" data-label="Setting">
                {kind.setting === "" ? "–" : visibleText(kind.setting)}
              </td>
              <td className="number labelled" data-label="Removed">
                {kind.removed === undefined ? "–" : countText(kind.removed)}
                {kind.lastRemovedAt && <small>last on {dateText(kind.lastRemovedAt)}</small>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
