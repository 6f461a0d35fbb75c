import { setTimeout as delay } from "node:timers/promises";
import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { ConnectError } from "@connectrpc/connect";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { isoWeek } from "../input/parse-option.ts";
import { createReport, showProgress } from "../output/report.ts";
import { type OpsClient, openOps } from "../remote/ops-client.ts";
import { openPeer, type PeerClient } from "../remote/peer-client.ts";
import { SCHEDULER_PEER } from "../remote/peer-url.ts";
import { JSON_FLAG, OPS_FLAG, SCHEDULER_FLAG } from "../remote/shared-options.ts";
import { newestRun, noRunText } from "./find-run.ts";
import { publishedLines, publishedToJson, readPublishedRun } from "./published-run.ts";
import { nextStep, reasonText, stateText } from "./run-text.ts";
import { endLines, endToJson, type JobEnd, throwUnlessComplete, watchJob, withKeptRun } from "./watch-job.ts";

interface WatchOptions {
  readonly week?: string;
  readonly job?: string;
  readonly model?: string;
  readonly scheduler?: string;
  readonly ops?: string;
  readonly json?: boolean;
}

type Ledger = OpsClient<typeof BatchService>;
type Scheduler = PeerClient<typeof ScheduleService>;

const SCHEDULE_ID = "weekly";
/** Interval at which a run without a job in the queue is read again. */
const LOOK_MS = 1_000;
/** Time after which an approved run that nobody continues is reported as held: the scheduler looks every 20 s. */
const APPROVED_MS = 120_000;
const LISTED_RUNS = 200;

/** `bellwether weekly watch` */
export function watchCommand(context: CliContext): Command {
  return new Command("watch")
    .description("Wait for the end of the run of a week, and show the progress of the run.")
    .option("--week <week>", "ISO week of the run, for example 2026-W47. Either --week or --job is required", isoWeek)
    .option("--job <id>", "id of the job, as weekly trigger prints it")
    .option(
      "--model <name>",
      "with --week: name of the model, of several models in one installation (default: the default model)",
    )
    .option(...SCHEDULER_FLAG)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nWith --week, the state of the run as it is stored counts: also of a run that weekly run began, or that a person approved.\nExit code 1 if the run fails or is held.\n\nExample:\n  npx bellwether weekly watch --week 2026-W47",
    )
    .action(async (options: WatchOptions) => {
      const { week, job } = options;
      if ((week === undefined) === (job === undefined))
        throw new UsageError("watch needs --week WEEK or --job ID, one of them");
      if (options.model !== undefined && week === undefined)
        throw new UsageError("--model is for --week; the id of a job names its model already");
      const report = createReport(options);
      using scheduler = openPeer(context, SCHEDULER_PEER, options.scheduler, ScheduleService);
      const jobId = job ?? (await jobOf(scheduler, options));
      using ops = openOps(context, options.ops, BatchService);
      const end =
        week === undefined
          ? await watchJob(scheduler, jobId)
          : await watchWeek(scheduler, ops, { ...options, week, jobId });
      const published =
        end.state === RunState.COMPLETE ? await readPublishedRun(context, options.ops, end.runId) : null;
      if (published !== null)
        for (const line of [...endLines(end.isoWeek || jobId, end), ...publishedLines(published)]) report.line(line);
      const json = { job_id: jobId, iso_week: end.isoWeek, ...endToJson(end) };
      report.json({ ...json, ...(published && publishedToJson(published)) });
      throwUnlessComplete(end.isoWeek || jobId, end);
    });
}

/** Returns the id of the job of a week. The jobs of the default model have no name of the model in their ids. */
async function jobOf({ client, answer }: Scheduler, { model, week }: WatchOptions): Promise<string> {
  if (model === undefined) return `${SCHEDULE_ID}-${week}`;
  const { schedules } = await answer(client.listSchedules({}));
  return schedules[0]?.modelName === model ? `${SCHEDULE_ID}-${week}` : `${SCHEDULE_ID}.${model}-${week}`;
}

/**
 * Watches the run of a week to its end: its job in the queue, then the run itself. The run decides, because a week can be
 * run, approved or withdrawn without a job, and the job of an earlier attempt stays in the queue.
 */
async function watchWeek(
  scheduler: Scheduler,
  ops: Ledger,
  { week, model, jobId }: { readonly week: string; readonly model?: string; readonly jobId: string },
): Promise<JobEnd> {
  let job: JobEnd | undefined;
  let missing: unknown;
  try {
    job = await watchJob(scheduler, jobId);
  } catch (error) {
    if (!isUnknownJob(error)) throw error;
    missing = error;
  }
  const reading = endOfRun(ops, week, model);
  if (job?.state === RunState.COMPLETE) {
    // The result is known without ops-service, unless the run was withdrawn since.
    const stored = await reading.catch(() => undefined);
    return stored?.state === RunState.VOIDED ? endOf(stored) : job;
  }
  const run = await reading;
  if (run === undefined) {
    if (job) return job;
    const { runs } = await ops.answer(ops.client.listRuns({ pageSize: LISTED_RUNS }));
    throw new Error(noRunText(week, model, runs), { cause: missing });
  }
  // The last request of the week failed, for example because the week was complete with another file.
  if (job?.state === RunState.FAILED && run.state === RunState.COMPLETE) return withKeptRun(job, run);
  return job && job.state === run.state ? job : endOf(run);
}

const isUnknownJob = (error: unknown): boolean =>
  error instanceof Error &&
  ConnectError.from(error.cause)
    .findDetails(ErrorInfoSchema)
    .some(({ reason }) => reason === "JOB_NOT_FOUND");

/** Waits until the newest run of a week has ended, and returns it. Undefined: the week was never run. */
async function endOfRun(ops: Ledger, week: string, model?: string): Promise<BatchRun | undefined> {
  for (const began = performance.now(); ; ) {
    const run = await newestRun(ops, week, model);
    const isApproved = run?.state === RunState.HELD && run.approved !== undefined;
    const isOpen = run?.state === RunState.RUNNING || (isApproved && performance.now() - began < APPROVED_MS);
    if (!isOpen) return run;
    if (run.rowsRead) showProgress("scoring", Number(run.rowsScored + run.rowsRejected), Number(run.rowsRead));
    await delay(LOOK_MS);
  }
}

/** Returns the end of a run that has no job, or whose job is of an earlier attempt. */
function endOf(run: BatchRun): JobEnd {
  const next = nextStep(run);
  const failure = [reasonText(run) || stateText(run.state), ...(next === "" ? [] : [next])].join("\n  ");
  const { isoWeek, runId, state, rowsScored, rowsRejected } = run;
  const rowsRead = run.rowsRead ?? rowsScored + rowsRejected;
  return { isoWeek, runId, state, failure, rowsRead, rowsScored, rowsRejected, wasComplete: true, notes: [] };
}
