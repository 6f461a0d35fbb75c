import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { Empty, Failure, Loading } from "../parts/load-states.tsx";
import { Page } from "../parts/page.tsx";
import { ReportDownloads } from "../parts/report-downloads.tsx";
import { RunChecks } from "../parts/run-checks.tsx";
import { RunCounts } from "../parts/run-counts.tsx";
import { RunList } from "../parts/run-list.tsx";
import { remarksOf } from "../parts/run-remarks.ts";
import { RunStateNotices, VoidEndedRun } from "../parts/run-state.tsx";
import { RunStateBadge } from "../parts/run-state-badge.tsx";
import { RunSteps } from "../parts/run-steps.tsx";
import { isMissing } from "../rpc/problem.ts";
import { useRunWatch } from "../rpc/use-run-watch.ts";
import { DriftTable } from "../week/drift-table.tsx";

/** Time between two checks for a newer run. A run that is shown is watched. */
const LOOK_AGAIN_MS = 10_000;

/**
 * The run of one week, or the latest run, updated while it is in progress.
 * @param runId one of several runs of a week. 0: the newest
 */
export function RunPage({ isoWeek, modelName, runId }: { isoWeek: string; modelName: string; runId: number }) {
  const wanted = runId === 0 ? { isoWeek, modelName } : { runId };
  const got = useQuery(BatchService.method.getRun, wanted, { refetchInterval: LOOK_AGAIN_MS });
  if (got.data?.run) return <Run listed={got.data.run} />;
  return (
    <Page title={isoWeek ? `Weekly run ${isoWeek}` : "Weekly run"}>
      {got.isPending ? (
        <Loading what="the run" />
      ) : isMissing(got.error) ? (
        <Empty title={isoWeek ? "There is no run of this week" : "No weekly run yet"}>
          A run starts by schedule, or with this command:{" "}
          <code>{`npx bellwether weekly run --week ${isoWeek || "2026-W47"} --input FILE`}</code>
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
      <RunStateNotices run={run} />
      {remarksOf(run).map(({ title, text }) => (
        <div className="notice" role="note" key={title}>
          <strong>{title}</strong>
          <p>{visibleText(text)}</p>
        </div>
      ))}
      {run.state !== RunState.MISSED && (
        <section className="card" aria-label="Progress">
          <RunSteps run={run} />
          <RunCounts run={run} />
        </section>
      )}
      {run.state === RunState.COMPLETE && <ReportDownloads run={run} />}
      {run.state !== RunState.MISSED && <RunChecks run={run} />}
      <VoidEndedRun run={run} />
      <div className="columns">
        {run.state !== RunState.MISSED && (
          <section className="card" aria-labelledby="drift">
            <h2 id="drift">Drift</h2>
            <DriftTable drift={run.drift} complete={run.state === RunState.COMPLETE} />
          </section>
        )}
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
      <small>
        model {run.modelName}
        {run.revision > 1 && `, revision ${run.revision}`}
      </small>
    </p>
  );
}
