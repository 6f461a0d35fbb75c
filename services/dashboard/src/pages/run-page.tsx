import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { useQuery } from "@connectrpc/connect-query";
import { RunStateBadge } from "../parts/badges.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { ReportDownloads } from "../parts/report-downloads.tsx";
import { RunChecks } from "../parts/run-checks.tsx";
import { RunCounts } from "../parts/run-counts.tsx";
import { RunList } from "../parts/run-list.tsx";
import { isLossFailure, remarksOf } from "../parts/run-remarks.ts";
import { RunSteps } from "../parts/run-steps.tsx";
import { isMissing } from "../rpc/problem.ts";
import { useRunWatch } from "../rpc/use-run-watch.ts";
import { DriftTable } from "../week/drift-table.tsx";

/** Time between two checks for a newer run. A run that is shown is watched. */
const LOOK_AGAIN_MS = 10_000;

/** The run of one week, or the latest run, updated while it is in progress. */
export function RunPage({ isoWeek, modelName }: { isoWeek: string; modelName: string }) {
  const got = useQuery(BatchService.method.getRun, { isoWeek, modelName }, { refetchInterval: LOOK_AGAIN_MS });
  if (got.data?.run) return <Run listed={got.data.run} />;
  return (
    <Page title={isoWeek ? `Weekly run ${isoWeek}` : "Weekly run"}>
      {got.isPending ? (
        <Loading what="the run" />
      ) : isMissing(got.error) ? (
        <Empty title={isoWeek ? "There is no run of this week" : "No weekly run yet"}>
          A run starts by schedule, or with this command:{" "}
          <code>bellwether weekly run --week 2026-W47 --input FILE</code>
        </Empty>
      ) : (
        <Failure error={got.error} onRetry={() => void got.refetch()} />
      )}
    </Page>
  );
}

function Run({ listed }: { listed: BatchRun }) {
  const run = useRunWatch(listed);
  return (
    <Page title={`Weekly run ${run.isoWeek}`} extra={<RunOfModel run={run} />}>
      {run.failure && (
        <div className="notice failure" role="alert">
          <strong>The run failed</strong>
          <p>
            {run.failure}
            {!isLossFailure(run) &&
              " The parts that are scored are kept: start the same week again to continue after them."}
          </p>
        </div>
      )}
      {remarksOf(run).map(({ title, text }) => (
        <div className="notice" role="note" key={title}>
          <strong>{title}</strong>
          <p>{text}</p>
        </div>
      ))}
      <section className="card" aria-label="Progress">
        <RunSteps run={run} />
        <RunCounts run={run} />
      </section>
      {run.state === RunState.COMPLETE && <ReportDownloads run={run} />}
      <RunChecks run={run} />
      <div className="columns">
        <section className="card" aria-labelledby="drift">
          <h2 id="drift">Drift</h2>
          <DriftTable drift={run.drift} complete={run.state === RunState.COMPLETE} />
        </section>
        <section className="card" aria-labelledby="runs">
          <h2 id="runs">Latest runs</h2>
          <RunList />
        </section>
      </div>
    </Page>
  );
}

function RunOfModel({ run }: { run: BatchRun }) {
  return (
    <p className="latest">
      <RunStateBadge state={run.state} />
      <small>model {run.modelName}</small>
    </p>
  );
}
