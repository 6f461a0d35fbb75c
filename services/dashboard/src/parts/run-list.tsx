import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { hrefOf } from "../routing/route.ts";
import { Choice } from "./choice.tsx";
import { agoText, countText } from "./format.ts";
import { Failure, Loading } from "./load-states.tsx";
import { RunStateBadge } from "./run-state-badge.tsx";

/** Number of runs in the list: the weeks of a quarter. */
const SHOWN = 13;
/** Number of runs of all models that are read: as many for each of a few models. */
const READ = 100;

/** The latest runs, the run that was started last first. */
export function RunList() {
  const list = useQuery(BatchService.method.listRuns, { pageSize: READ });
  const [chosen, setChosen] = useState(0);
  if (list.isPending) return <Loading what="runs" />;
  if (!list.data) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  const nowMs = Date.now();
  const { runs } = list.data;
  const models = [...new Set(runs.map((run) => run.modelName))].sort();
  const wanted = models[chosen - 1];
  const shown = runs.filter((run) => wanted === undefined || run.modelName === wanted).slice(0, SHOWN);
  const options = ["all models", ...models].map((name, i) => [i, name] as const);
  return (
    <>
      {models.length > 1 && <Choice label="Model" options={options} value={chosen} onChange={setChosen} />}
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
          {shown.map((run) => (
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
    </>
  );
}
