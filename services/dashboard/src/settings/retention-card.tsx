import { RetentionService } from "@bellwether/gen/bellwether/ops/v1/retention_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { countText, dateText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Wide } from "../parts/wide.tsx";
import { KindTable } from "./kind-table.tsx";

/** How long data is kept, and what that means for each model. */
export function RetentionCard() {
  const found = useQuery(RetentionService.method.getRetention, {});
  return (
    <section className="card" aria-labelledby="retention">
      <h2 id="retention">Retention</h2>
      {found.isPending && <Loading what="the retention" />}
      {found.isError && <Failure error={found.error} onRetry={() => void found.refetch()} />}
      {found.data && (
        <>
          <p className="quiet">
            How long the server keeps each kind of data. Weeks count back from the newest complete week of the model.
            The audit log records each removal.
          </p>
          <KindTable kinds={found.data.kinds} />
          {found.data.models.length > 0 && (
            <Wide label="Retention of each model">
              <table className="stacks">
                <thead>
                  <tr>
                    <th scope="col">Model</th>
                    <th scope="col">Newest week</th>
                    <th scope="col">Oldest scores</th>
                    <th scope="col">Oldest snapshot</th>
                    <th scope="col">Runs kept</th>
                    <th scope="col">Runs removed</th>
                  </tr>
                </thead>
                <tbody>
                  {found.data.models.map((model) => (
                    <tr key={model.modelName}>
                      <th scope="row">{visibleText(model.modelName)}</th>
                      <td className="labelled" data-label="Newest week">
                        {model.newestWeek}
                      </td>
                      <td className="labelled" data-label="Oldest scores">
                        {model.oldestScoreWeek}
                      </td>
                      <td className="labelled" data-label="Oldest snapshot">
                        {model.oldestSnapshotWeek}
                      </td>
                      <td className="number labelled" data-label="Runs kept">
                        {countText(model.runsKept)}
                      </td>
                      <td className="number labelled" data-label="Runs removed">
                        {countText(model.runsRemoved)}
                        {model.lastRemovedAt && <small>last on {dateText(model.lastRemovedAt)}</small>}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Wide>
          )}
        </>
      )}
    </section>
  );
}
