import { RetentionService } from "@bellwether/gen/bellwether/ops/v1/retention_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { countOf, countText, dateText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Wide } from "../parts/wide.tsx";

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
          <p>
            Scores with their explanations are kept for {countOf(found.data.scoreWeeks, "week")}, scores alone for
            outcomes that become known late for {countOf(found.data.outcomeWeeks, "week")}, and snapshots of the weekly
            input for {countOf(found.data.snapshotWeeks, "week")}. The audit log, alerts and reports are kept.
          </p>
          <p className="quiet">Set in risk_policy.yaml of the server. The audit log records each removal.</p>
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
