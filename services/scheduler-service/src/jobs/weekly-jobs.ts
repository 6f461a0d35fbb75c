import { setTimeout as delay } from "node:timers/promises";
import { isoWeekAt } from "@bellwether/contract/iso-week";
import type { BatchRun } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { IngestLimitError } from "@bellwether/ingest/ingest-errors";
import type { Queues } from "@bellwether/queue/open-queue";
import { isQueueUnavailable, readQueue } from "@bellwether/queue/queue-error";
import type { Logger } from "@bellwether/telemetry/logger";
import { outsideTrace } from "@bellwether/telemetry/outside-trace";
import { type Job, UnrecoverableError } from "bullmq";
import { type CatchUpState, createCatchUp } from "../domain/catch-up.ts";
import { followRun } from "../domain/follow-run.ts";
import type { PauseFile } from "../domain/pause.ts";
import { WEEKLY_SCHEDULE } from "../domain/queue-names.ts";
import {
  DiskError,
  InputRejectedError,
  JobStoreError,
  LossLimitError,
  ModelContractError,
  mayPass,
  PeerRejectedError,
  ResultsNotStoredError,
  RunHeldError,
  WeekCompleteError,
} from "../domain/scheduler-error.ts";
import type { SeenInput } from "../domain/seen-input.ts";
import type { RunDecisions } from "../domain/weekly-ports.ts";
import type { Progress, WeeklyResult } from "../domain/weekly-run.ts";
import type { WeeklyRunner } from "../domain/weekly-runner.ts";
import { dueTicks } from "../domain/weekly-ticks.ts";
import { startCatchUpLoop } from "./catch-up-loop.ts";
import { reportCatchUp } from "./catch-up-metrics.ts";
import { type ScheduleState, startScheduleKeeper } from "./schedule-keeper.ts";
import { createRunTrigger, type TriggeredRun } from "./trigger-run.ts";
import type { JobOutcome, JobProgress, JobResult, WeeklyJob, WeeklyQueue } from "./weekly-queue.ts";

/** Configuration of the jobs. */
export interface WeeklyJobsConfig {
  readonly queues: Queues;
  /** Name of the queue and of its schedule. Default: that of the default model. */
  readonly queueName?: string;
  /** Name of the model in metrics and logs. Undefined: the default model, which has none there. */
  readonly modelLabel?: string;
  readonly runner: Pick<WeeklyRunner, "run" | "completion" | "configHash" | "digestOf" | "inputOfRun" | "weeks">;
  /** Cron pattern of five fields. */
  readonly cron: string;
  /** IANA time zone of the cron pattern and of the current week. */
  readonly timeZone: string;
  /**
   * Finds the weekly file of a week that a trigger names; "" = the configured file.
   * @throws InputNotFoundError, InputPatternError
   */
  readonly findInput: (input: string, week: string) => Promise<string>;
  /** The configured file, with or without a placeholder for the week. */
  readonly input: string;
  /** Looks at the configured file of a week, with the placeholder replaced. */
  readonly lookAtInput: (input: string) => Promise<SeenInput>;
  /** Age up to which ticks are caught up, milliseconds. Default 28 days. */
  readonly lookBackMs?: number;
  /** Time after a tick until which the input is waited for, milliseconds. Default 24 hours. */
  readonly inputDeadlineMs?: number;
  /** Interval at which the due weeks and their input are checked, milliseconds. Default 20,000. */
  readonly inputCheckMs?: number;
  /** Stores the schedule's pause outside the queue's store. */
  readonly pauseFile: PauseFile;
  readonly logger: Logger;
  readonly now?: () => Date;
  /** Time after which the job of a killed worker is taken over, milliseconds. Default 30,000. */
  readonly lockMs?: number;
  /** Interval at which the schedule in the queue's store is checked, milliseconds. Default 20,000. */
  readonly scheduleCheckMs?: number;
  /** Called with the reason why the schedule will start no run, or with null when it will or is paused. */
  readonly onSchedule?: (reason: string | null) => void;
  /** Called after each check of the due weeks. */
  readonly onWeeks?: (state: CatchUpState) => void;
  /** Called when an attempt at a run has ended, with the disk error that stopped it, or with null. */
  readonly onDisk?: (error: DiskError | null) => void;
}

/** Current state of a job. */
export interface JobStatus {
  readonly state: "running" | "complete" | "failed" | "held";
  /** ISO week of the run. Empty when the job is not that of a run. */
  readonly week: string;
  /** Stage and counts of the run. Null when the job has not begun. */
  readonly progress: JobProgress | null;
  /** Why the job failed, or why its run is held; empty otherwise. */
  readonly failure: string;
  /** Result of the run. Null when the job is not complete. */
  readonly outcome: JobOutcome | null;
}

/** The weekly runs as jobs of a queue, with their schedule. */
export interface WeeklyJobs {
  /**
   * Requests a run. When this resolves, the run is in the queue; when it rejects, the run is never done.
   * @param decisions decisions of the caller about the run
   * @throws IsoWeekError, FutureWeekError, RunUnderWayError, InputNotFoundError, DiskError, JobStoreError, PeerUnavailableError,
   * PeerRejectedError
   */
  trigger(week: string, input: string, signal?: AbortSignal, decisions?: RunDecisions): Promise<TriggeredRun>;
  /** @throws JobStoreError */
  schedule(): Promise<ScheduleState>;
  /** Returns the due weeks as of the last check. Null before the first one. */
  weeks(): CatchUpState | null;
  /**
   * Pauses or resumes the schedule. The pause outlives restarts and an emptied queue store. @throws
   * JobStoreError
   */
  setPaused(paused: boolean): Promise<ScheduleState>;
  /** Returns the state of a job. Null when the job does not exist. @throws JobStoreError */
  jobStatus(jobId: string): Promise<JobStatus | null>;
  /** Calls a function with the id of each job that ends in this process. */
  onEnd(listener: (jobId: string) => void): void;
  /** Checks now that the schedule is in the queue's store. To be called when the store is available again. */
  checkSchedule(): void;
  /** Stops a run in progress. The next process continues it. */
  stop(): Promise<void>;
}

const LOCK_MS = 30_000;
/**
 * Number of checks for expired locks during the lifetime of one lock. The first check after a lock has
 * expired marks the job of the dead worker, the next check frees it. With one check per lifetime, the wait
 * would double.
 */
const LOOKS_PER_LOCK = 15;
const SCHEDULE_CHECK_MS = 20_000;
const INPUT_CHECK_MS = 20_000;
const DAY_MS = 86_400_000;
const LOOK_BACK_MS = 28 * DAY_MS;
const DEADLINE_MS = DAY_MS;
/** Number of kills during one run after which the run fails. */
const MAX_STALLED = 10;

/**
 * Starts the worker and the schedule of one model on its queue. Any number of processes may do this; each job
 * runs in one of them.
 * @throws CronPatternError
 */
export async function startWeeklyJobs(config: WeeklyJobsConfig): Promise<WeeklyJobs> {
  const { queues, runner, cron, timeZone, findInput, pauseFile, logger } = config;
  const { now = () => new Date(), lockMs = LOCK_MS, onDisk = () => {} } = config;
  const { queueName = WEEKLY_SCHEDULE, modelLabel } = config;
  const queue: WeeklyQueue = queues.queue<WeeklyJob, JobResult | null>(queueName);
  const stopped = new AbortController();
  const trigger = createRunTrigger({ queue, timeZone, completion: runner.completion, findInput, now });
  const keeper = await startScheduleKeeper({
    ...{ queue, modelLabel, cron, timeZone, pauseFile, logger, now },
    everyMs: config.scheduleCheckMs ?? SCHEDULE_CHECK_MS,
    report: config.onSchedule ?? (() => {}),
  });

  const lookBackMs = config.lookBackMs ?? LOOK_BACK_MS;
  const { weeks } = runner;
  const loop = startCatchUpLoop({
    pass: createCatchUp({
      input: config.input,
      configHash: runner.configHash,
      deadlineMs: config.inputDeadlineMs ?? DEADLINE_MS,
      async dueTicks(nowMs) {
        const { paused, ...times } = await keeper.times();
        return paused ? [] : dueTicks({ cron, timeZone, nowMs, lookBackMs, ...times });
      },
      oldestWeek: (nowMs) => isoWeekAt(new Date(nowMs - lookBackMs), timeZone),
      ...weeks,
      jobState: trigger.jobState,
      look: config.lookAtInput,
      digestOf: (file) => runner.digestOf(file, stopped.signal),
      inputOfRun: runner.inputOfRun,
      start: trigger.begin,
    }),
    now,
    everyMs: config.inputCheckMs ?? INPUT_CHECK_MS,
    logger,
    onState: config.onWeeks ?? (() => {}),
  });
  const measured = reportCatchUp(loop.state, modelLabel);

  const worker = queues.worker<WeeklyJob, JobResult | null>(
    queueName,
    async (job) => {
      const { data } = job;
      if (data.kind === "tick") {
        // The tick only causes a check: which weeks are due follows from the schedule and the ledger.
        await loop.nudge();
        return null;
      }
      if (!(await trigger.mayRun(job.id ?? "", data, stopped.signal)))
        throw new UnrecoverableError("the request for this run was rejected earlier; trigger the run again");
      const begunId = job.attemptsMade > 0 ? runIdOf(job.progress) : undefined;
      if (begunId !== undefined && !(await isCurrent(runner, data.week, begunId)))
        throw new UnrecoverableError(
          `run ${begunId} of ${data.week}, which this job had begun, was voided or replaced; trigger the week again`,
        );
      let reported = Promise.resolve();
      const reportProgress = (progress: Progress): void => {
        // Updates are sent one after the other. If one fails, the next update replaces it.
        reported = reported.then(() => job.updateProgress({ ...progress })).catch(() => undefined);
      };
      const { signal } = stopped;
      const result = await followRun(() => runner.run(data.week, data.input, signal, reportProgress, data), {
        ...{ week: data.week, findWeek: weeks.findWeek, signal },
        pause: (ms) => delay(ms, undefined, { signal }),
        nowMs: () => performance.now(),
        onFollow: () =>
          logger.info({ week: data.week }, "weekly run continued by another program; waiting for its end"),
      }).catch((error: unknown) => {
        if (signal.aborted) throw error;
        onDisk(error instanceof DiskError ? error : null);
        return error instanceof RunHeldError ? error : giveUpUnlessPassing(error);
      });
      onDisk(null);
      await reported;
      if (result instanceof RunHeldError) {
        logger.warn({ week: data.week, reason: result.figures }, "weekly run held");
        return { ...countsOf(result.run), stage: "validate", held: result.message };
      }
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
      logger.info({ job: job?.id }, "weekly run stopped with the scheduler; it continues after the restart");
      return;
    }
    // The reason of a failed run may quote an invalid row, so it is not logged. The run's record in the
    // ledger has it.
    const why = error instanceof UnrecoverableError ? kindOf(error.cause) : { err: error };
    logger.warn({ job: job?.id, attempt: job?.attemptsMade, ...why }, "weekly job failed");
  });
  worker.on("completed", (job) => logger.info({ job: job.id }, "weekly job complete"));
  // A worker recovers from an outage of its store only if it was connected once.
  await worker.waitUntilReady();

  return {
    trigger: trigger.ask,
    schedule: keeper.state,
    weeks: loop.state,
    async setPaused(paused) {
      const state = await keeper.setPaused(paused);
      void outsideTrace(loop.nudge);
      return state;
    },
    jobStatus: (jobId) =>
      readQueue(() => jobStatus(queue, jobId)).catch((cause: unknown) => {
        throw isQueueUnavailable(cause)
          ? new JobStoreError("does not answer", "a run that has started is not affected; watch it again later", {
              cause,
            })
          : cause;
      }),
    onEnd(listener) {
      for (const event of ["completed", "failed"] as const)
        worker.on(event, (job: Job | undefined) => {
          if (job?.id !== undefined) listener(job.id);
        });
    },
    checkSchedule: keeper.nudge,
    async stop() {
      stopped.abort(new Error("the scheduler is stopping; the run continues after its restart"));
      measured[Symbol.dispose]();
      await keeper[Symbol.asyncDispose]();
      await loop[Symbol.asyncDispose]();
    },
  };
}

async function jobStatus(queue: WeeklyQueue, jobId: string): Promise<JobStatus | null> {
  const found = await queue.getJob(jobId);
  const state = await found?.getState();
  if (found === undefined || state === undefined || state === "unknown") return null;
  // If the job ended between the two reads, `found` lacks its result or its last failure: read again.
  const job = state === "completed" || state === "failed" ? ((await queue.getJob(jobId)) ?? found) : found;
  const { data, returnvalue: result } = job;
  const week = data.kind === "run" ? data.week : "";
  const progress = result ?? (isProgress(job.progress) ? job.progress : null);
  if (state === "failed") return { state, week, progress, failure: job.failedReason, outcome: null };
  if (state !== "completed") return { state: "running", week, progress, failure: "", outcome: null };
  if (result?.held !== undefined) return { state: "held", week, progress, failure: result.held, outcome: null };
  const { wasComplete = false, overtakenBy = "", notes = [] } = result ?? {};
  return { state: "complete", week, progress, failure: "", outcome: { wasComplete, overtakenBy, notes } };
}

function jobResult({ run, wasComplete, notes }: WeeklyResult): JobResult {
  return { ...countsOf(run), stage: "report", wasComplete, overtakenBy: run.overtakenBy, notes };
}

const countsOf = (run: BatchRun): Omit<JobProgress, "stage"> => ({
  runId: run.runId,
  rowsRead: Number(run.rowsRead ?? 0),
  rowsScored: Number(run.rowsScored),
  rowsRejected: Number(run.rowsRejected),
});

function reportOutcome(logger: Logger, week: string, { run, wasComplete, notes }: WeeklyResult): void {
  const outcome = { week, wasComplete, alertsRaised: run.alertsRaised, notes };
  if (run.overtakenBy === "") logger.info(outcome, "weekly run complete");
  else logger.warn({ ...outcome, overtakenBy: run.overtakenBy }, "weekly run complete, rules not evaluated");
}

const isProgress = (value: unknown): value is JobProgress =>
  typeof value === "object" && value !== null && "stage" in value && "rowsRead" in value;

/** Returns the id of the run that an earlier attempt of a job began. */
function runIdOf(progress: unknown): number | undefined {
  const isRecord = typeof progress === "object" && progress !== null && "runId" in progress;
  return isRecord && typeof progress.runId === "number" ? progress.runId : undefined;
}

/**
 * Whether a run is still the current run of its week. If not, a person has withdrawn it in the meantime. Another
 * attempt with the old file would then begin the week again, or would take over the run that the person has started
 * and approved with another file.
 */
async function isCurrent({ weeks }: Pick<WeeklyRunner, "weeks">, week: string, runId: number): Promise<boolean> {
  const record = await weeks.findWeek(week);
  return record === null || (record.runId === runId && record.state !== "voided");
}

/**
 * Retries when a peer, a disk, an object store or the queue's store is not available, and when the process that reads
 * the input was killed. Every other error fails the job at once.
 */
function giveUpUnlessPassing(error: unknown): never {
  if (mayPass(error) || isQueueUnavailable(error) || !(error instanceof Error)) throw error;
  throw Object.assign(new UnrecoverableError(error.message), { cause: error });
}

/** True for errors whose message contains figures, hashes and feature names, but no row. */
const hasPlainMessage = (cause: Error): boolean =>
  cause instanceof WeekCompleteError ||
  (cause instanceof PeerRejectedError && cause.isPlain) ||
  cause instanceof ModelContractError ||
  cause instanceof InputRejectedError ||
  cause instanceof ResultsNotStoredError ||
  cause instanceof IngestLimitError;

/**
 * Returns the loggable fields of an error: its kind and the system's code. The message is logged only when it
 * cannot quote a row.
 */
function kindOf(cause: unknown): object {
  if (!(cause instanceof Error)) return { failure: "unknown" };
  const code = "code" in cause && typeof cause.code === "string" ? { code: cause.code } : {};
  const plain =
    cause instanceof LossLimitError || cause instanceof RunHeldError
      ? cause.figures
      : hasPlainMessage(cause)
        ? cause.message
        : null;
  const reason = plain === null ? {} : { reason: plain };
  return { failure: cause.name === "Error" ? cause.constructor.name : cause.name, ...code, ...reason };
}
