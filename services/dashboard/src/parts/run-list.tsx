import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { useQuery } from "@connectrpc/connect-query";
import { hrefOf } from "../routing/route.ts";
import { agoText, countText } from "./format.ts";
import { Failure, Loading } from "./load-states.tsx";
import { RunStateBadge } from "./run-state-badge.tsx";

/** Number of runs in the list: the weeks of a quarter. */
const SHOWN = 13;

/** The latest runs, the run that was started last first. */
export function RunList() {
  const list = useQuery(BatchService.method.listRuns, { pageSize: SHOWN });
  if (list.isPending) return <Loading what="runs" />;
  if (!list.data) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  const nowMs = Date.now();
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Week</th>
          <th scope="col">State</th>
          <th scope="col">Scored</th>
          <th scope="col">Started</th>
        </tr>
      </thead>
      <tbody>
        {list.data.runs.map((run) => (
          <tr key={run.runId}>
            <th scope="row">
              <a href={hrefOf({ page: "run", isoWeek: run.isoWeek, modelName: run.modelName, runId: run.runId })}>
                {run.isoWeek}
              </a>
              <small>
                {run.modelName}
                {run.revision > 1 && `, revision ${run.revision}`}
              </small>
            </th>
            <td>
              <RunStateBadge state={run.state} />
            </td>
            <td className="number">{countText(run.rowsScored)}</td>
            <td className="when">{agoText(run.startedAt, nowMs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
