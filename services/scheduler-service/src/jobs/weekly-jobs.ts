import type { Queues } from "@bellwether/queue/open-queue";
import { isQueueUnavailable, readQueue } from "@bellwether/queue/queue-error";
import type { Logger } from "@bellwether/telemetry/logger";
import { UnrecoverableError } from "bullmq";
import type { PauseFile } from "../domain/pause.ts";
import {
  DiskError,
  JobStoreError,
  LossLimitError,
  ModelContractError,
  PeerUnavailableError,
  WeekCompleteError,
} from "../domain/scheduler-error.ts";
import type { RunDecisions } from "../domain/weekly-ports.ts";
import type { Progress, WeeklyResult } from "../domain/weekly-run.ts";
import type { WeeklyRunner } from "../domain/weekly-runner.ts";
import { type ScheduleState, startScheduleKeeper } from "./schedule-keeper.ts";
import { createRunTrigger, type TriggeredRun } from "./trigger-run.ts";
import { type JobOutcome, type JobResult, WEEKLY_SCHEDULE, type WeeklyJob, type WeeklyQueue } from "./weekly-queue.ts";

/** What the jobs need. */
export interface WeeklyJobsConfig {
  readonly queues: Queues;
  readonly runner: Pick<WeeklyRunner, "run" | "isComplete">;
  /** Cron pattern of five fields. */
  readonly cron: string;
  /** IANA time zone of the cron pattern and of the present week. */
  readonly timeZone: string;
  /** Finds the weekly file that a trigger names; "" is the configured one. @throws InputNotFoundError */
  readonly findInput: (input: string) => Promise<string>;
  /** Keeps the schedule's pause beside the queue's store. */
  readonly pauseFile: PauseFile;
  readonly logger: Logger;
  readonly now?: () => Date;
  /** How long a worker that was killed holds its job, milliseconds. Default 30,000. */
  readonly lockMs?: number;
  /** How often the schedule in the queue's store is looked at, milliseconds. Default 20,000. */
  readonly scheduleCheckMs?: number;
  /** Told why the schedule would start no run; null: it would, or it is paused. */
  readonly onSchedule?: (reason: string | null) => void;
  /** Told of every attempt at a run that ended: the error of a file or folder that stopped it, or null. */
  readonly onDisk?: (error: DiskError | null) => void;
}

/** How a job stands. */
export interface JobStatus {
  readonly state: "running" | "complete" | "failed";
  /** Null: it has not begun. */
  readonly progress: Progress | null;
  /** Why it failed; empty when it did not. */
  readonly failure: string;
  /** Null: it is not complete. */
  readonly outcome: JobOutcome | null;
}

/** The weekly run as jobs of a queue, with its schedule. */
export interface WeeklyJobs {
  /**
   * The run is in the queue when this resolves, and is never run when this rejects.
   * @param decisions of the caller about the run
   * @throws IsoWeekError, FutureWeekError, InputNotFoundError, DiskError, JobStoreError, PeerUnavailableError, PeerRejectedError
   */
  trigger(week: string, input: string, signal?: AbortSignal, decisions?: RunDecisions): Promise<TriggeredRun>;
  /** @throws JobStoreError */
  schedule(): Promise<ScheduleState>;
  /** A paused schedule stays paused over restarts, and when the queue's store is emptied. @throws JobStoreError */
  setPaused(paused: boolean): Promise<ScheduleState>;
  /** Null: there is no such job. @throws JobStoreError */
  jobStatus(jobId: string): Promise<JobStatus | null>;
  /** Looks at once whether the schedule is in the queue's store, which was away. */
  checkSchedule(): void;
  /** Ends a run in progress so that it goes on in the next process. */
  stop(): Promise<void>;
}

const LOCK_MS = 30_000;
/**
 * Jobs whose lock has run out are looked for so often within a lock's time. A dead worker's job is marked by one look and freed by the
 * next one after its lock ended: a look as rare as the lock would double the wait.
 */
const LOOKS_PER_LOCK = 15;
const SCHEDULE_CHECK_MS = 20_000;
/** Kills in the middle of one run before it counts as failed. */
const MAX_STALLED = 10;

/**
 * Starts the worker and the schedule on the queue "weekly". Any number of processes may do so; each job runs in one of them.
 * @throws CronPatternError
 */
export async function startWeeklyJobs(config: WeeklyJobsConfig): Promise<WeeklyJobs> {
  const { queues, runner, cron, timeZone, findInput, pauseFile, logger } = config;
  const { now = () => new Date(), lockMs = LOCK_MS, onDisk = () => {} } = config;
  const queue: WeeklyQueue = queues.queue<WeeklyJob, JobResult | null>(WEEKLY_SCHEDULE);
  const stopped = new AbortController();
  const trigger = createRunTrigger({ queue, timeZone, isComplete: runner.isComplete, findInput, now });
  const keeper = await startScheduleKeeper({
    ...{ queue, cron, timeZone, pauseFile, logger, now },
    everyMs: config.scheduleCheckMs ?? SCHEDULE_CHECK_MS,
    report: config.onSchedule ?? (() => {}),
  });

  const worker = queues.worker<WeeklyJob, JobResult | null>(
    WEEKLY_SCHEDULE,
    async (job) => {
      const { data } = job;
      if (data.kind === "tick") {
        if (!data.paused) await trigger.tick().catch(giveUpUnlessPassing);
        return null;
      }
      if (!(await trigger.mayRun(job.id ?? "", data, stopped.signal)))
        throw new UnrecoverableError("the request for this run was rejected when it was made; ask again");
      let reported = Promise.resolve();
      const reportProgress = (progress: Progress): void => {
        // One after the other; a progress that is lost is followed by the next one.
        reported = reported.then(() => job.updateProgress({ ...progress })).catch(() => undefined);
      };
      const result = await runner
        .run(data.week, data.input, stopped.signal, reportProgress, data)
        .catch((error: unknown) => {
          if (stopped.signal.aborted) throw error;
          onDisk(error instanceof DiskError ? error : null);
          return giveUpUnlessPassing(error);
        });
      onDisk(null);
      await reported;
      reportOutcome(logger, data.week, result);
      return jobResult(result);
    },
    {
      concurrency: 1,
      lockDuration: lockMs,
      stalledInterval: Math.ceil(lockMs / LOOKS_PER_LOCK),
      maxStalledCount: MAX_STALLED,
    },
  );
  worker.on("failed", (job, error) => {
    if (stopped.signal.aborted && !(error instanceof UnrecoverableError)) {
      logger.info({ job: job?.id }, "weekly run stopped with the scheduler; it goes on after the restart");
      return;
    }
    // Why a run was given up stands in its entry of the ledger: the reason may quote the row at fault, which no log may.
    const why = error instanceof UnrecoverableError ? kindOf(error.cause) : { err: error };
    logger.warn({ job: job?.id, attempt: job?.attemptsMade, ...why }, "weekly job failed");
  });
  worker.on("completed", (job) => logger.info({ job: job.id }, "weekly job complete"));
  // A worker comes back from an outage of its store only once it has been connected.
  await worker.waitUntilReady();

  return {
    trigger: trigger.ask,
    schedule: keeper.state,
    setPaused: keeper.setPaused,
    jobStatus: (jobId) =>
      readQueue(() => jobStatus(queue, jobId)).catch((cause: unknown) => {
        throw isQueueUnavailable(cause) ? new JobStoreError("does not answer", { cause }) : cause;
      }),
    checkSchedule: keeper.nudge,
    async stop() {
      stopped.abort(new Error("the scheduler is stopping; the run goes on after its restart"));
      await keeper[Symbol.asyncDispose]();
    },
  };
}

async function jobStatus(queue: WeeklyQueue, jobId: string): Promise<JobStatus | null> {
  const found = await queue.getJob(jobId);
  const state = await found?.getState();
  if (found === undefined || state === undefined || state === "unknown") return null;
  // A job that ended between the two reads has its result, and the failure of its last attempt, only when it is read again.
  const job = state === "completed" || state === "failed" ? ((await queue.getJob(jobId)) ?? found) : found;
  const { returnvalue: result } = job;
  const progress = result ?? (isProgress(job.progress) ? job.progress : null);
  if (state === "failed") return { state, progress, failure: job.failedReason, outcome: null };
  if (state !== "completed") return { state: "running", progress, failure: "", outcome: null };
  const { wasComplete = false, overtakenBy = "", notes = [] } = result ?? {};
  return { state: "complete", progress, failure: "", outcome: { wasComplete, overtakenBy, notes } };
}

function jobResult({ run, wasComplete, notes }: WeeklyResult): JobResult {
  return {
    stage: "report",
    rowsRead: Number(run.rowsRead ?? 0),
    rowsScored: Number(run.rowsScored),
    rowsRejected: Number(run.rowsRejected),
    ...{ wasComplete, overtakenBy: run.overtakenBy, notes },
  };
}

function reportOutcome(logger: Logger, week: string, { run, wasComplete, notes }: WeeklyResult): void {
  const outcome = { week, wasComplete, alertsRaised: run.alertsRaised, notes };
  if (run.overtakenBy === "") logger.info(outcome, "weekly run complete");
  else logger.warn({ ...outcome, overtakenBy: run.overtakenBy }, "weekly run complete, rules not evaluated");
}

const isProgress = (value: unknown): value is Progress =>
  typeof value === "object" && value !== null && "stage" in value && "rowsRead" in value;

/** A peer, a disk or the queue's store that is away is worth another attempt. */
function giveUpUnlessPassing(error: unknown): never {
  const mayPass = error instanceof PeerUnavailableError || error instanceof DiskError || isQueueUnavailable(error);
  if (mayPass || !(error instanceof Error)) throw error;
  throw Object.assign(new UnrecoverableError(error.message), { cause: error });
}

/** Errors whose message holds figures, hashes and names of features, and no row. */
const hasPlainMessage = (cause: Error): boolean =>
  cause instanceof WeekCompleteError || cause instanceof ModelContractError;

/** The kind of an error, and the system's code: its message may quote a row. */
function kindOf(cause: unknown): object {
  if (!(cause instanceof Error)) return { failure: "unknown" };
  const code = "code" in cause && typeof cause.code === "string" ? { code: cause.code } : {};
  const plain = cause instanceof LossLimitError ? cause.figures : hasPlainMessage(cause) ? cause.message : null;
  const reason = plain === null ? {} : { reason: plain };
  return { failure: cause.name === "Error" ? cause.constructor.name : cause.name, ...code, ...reason };
}
