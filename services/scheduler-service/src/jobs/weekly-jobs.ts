import { isoWeekAt, parseIsoWeek } from "@bellwether/config/iso-week";
import type { JobQueue, Queues } from "@bellwether/storage/open-queue";
import type { Logger } from "@bellwether/telemetry/logger";
import { type JobsOptions, UnrecoverableError } from "bullmq";
import { CronPatternError, PeerUnavailableError } from "../domain/scheduler-error.ts";
import type { Progress } from "../domain/weekly-run.ts";
import type { WeeklyRunner } from "../weekly-runner.ts";

/** Id of the one schedule, and of its BullMQ job scheduler. */
export const WEEKLY_SCHEDULE = "weekly";

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
  readonly logger: Logger;
  readonly now?: () => Date;
  /** How long a worker that was killed holds its job, milliseconds. Default 30,000. */
  readonly lockMs?: number;
}

/** A run that was asked for. */
export interface TriggeredRun {
  readonly jobId: string;
  readonly week: string;
  /** The week was running or complete already. */
  readonly alreadyKnown: boolean;
}

/** The schedule as it stands. */
export interface ScheduleState {
  readonly cron: string;
  readonly timeZone: string;
  readonly paused: boolean;
  /** Milliseconds since 1970; null: it is paused. */
  readonly nextRunMs: number | null;
}

/** How a job stands. */
export interface JobNews {
  readonly state: "running" | "complete" | "failed";
  /** Null: it has not begun. */
  readonly progress: Progress | null;
  /** Why it failed; empty when it did not. */
  readonly failure: string;
}

/** The weekly run as jobs of a queue, with its schedule. */
export interface WeeklyJobs {
  /** @throws IsoWeekError, InputNotFoundError, PeerUnavailableError, PeerRefusedError */
  trigger(week: string, input: string): Promise<TriggeredRun>;
  schedule(): Promise<ScheduleState>;
  /** A paused schedule stays paused over restarts. */
  setPaused(paused: boolean): Promise<ScheduleState>;
  /** Null: there is no such job. */
  jobNews(jobId: string): Promise<JobNews | null>;
  /** Ends a run in progress so that it goes on in the next process. */
  stop(): void;
}

/** "tick": the schedule's time has come; "run": a week is to be run. */
type WeeklyJob =
  | { readonly kind: "tick"; readonly paused: boolean }
  | { readonly kind: "run"; readonly week: string; readonly input: string };

/** Retries over three quarters of an hour, for peers that are away; the run goes on where it stopped. */
const RUN_OPTIONS: JobsOptions = {
  attempts: 10,
  backoff: { type: "exponential", delay: 5_000 },
  removeOnComplete: { count: 100 },
  removeOnFail: { count: 100 },
};
const LOCK_MS = 30_000;
/** Kills in the middle of one run before it counts as failed. */
const MAX_STALLED = 10;

/**
 * Starts the worker and the schedule on the queue "weekly". Any number of processes may do so; each job runs in one of them.
 * @throws CronPatternError
 */
export async function startWeeklyJobs(config: WeeklyJobsConfig): Promise<WeeklyJobs> {
  const { queues, runner, cron, timeZone, findInput, logger, now = () => new Date(), lockMs = LOCK_MS } = config;
  const queue = queues.queue<WeeklyJob, Progress | null>(WEEKLY_SCHEDULE);
  const stopped = new AbortController();

  const setPaused = async (paused: boolean): Promise<ScheduleState> => {
    const template = { name: "tick", data: { kind: "tick" as const, paused }, opts: RUN_OPTIONS };
    await queue.upsertJobScheduler(WEEKLY_SCHEDULE, { pattern: cron, tz: timeZone }, template);
    return schedule();
  };
  const schedule = async (): Promise<ScheduleState> => {
    const found = await queue.getJobScheduler(WEEKLY_SCHEDULE);
    const paused = isPaused(found?.template?.data);
    return { cron, timeZone, paused, nextRunMs: paused ? null : (found?.next ?? null) };
  };
  const trigger = async (asked: string, input: string): Promise<TriggeredRun> => {
    const week = parseIsoWeek(asked || isoWeekAt(now(), timeZone));
    const jobId = `${WEEKLY_SCHEDULE}-${week}`;
    if (await isUnderWay(queue, jobId)) return { jobId, week, alreadyKnown: true };
    const alreadyKnown = await runner.isComplete(week);
    // A complete week gets its job too, so that its progress can be watched; it ends at once.
    const file = alreadyKnown ? input : await findInput(input);
    await queue.add("run", { kind: "run", week, input: file }, { ...RUN_OPTIONS, jobId });
    return { jobId, week, alreadyKnown };
  };

  const kept = await queue.getJobScheduler(WEEKLY_SCHEDULE);
  // Set anew, a schedule forgets a time that passed while no process was there.
  if (kept?.pattern !== cron || kept.tz !== timeZone)
    await setPaused(isPaused(kept?.template?.data)).catch((cause: Error) => {
      throw new CronPatternError(cron, cause.message, { cause });
    });
  const worker = queues.worker<WeeklyJob, Progress | null>(
    WEEKLY_SCHEDULE,
    async (job) => {
      const { data } = job;
      if (data.kind === "tick") {
        if (!data.paused) await trigger("", "").catch(giveUpUnlessPassing);
        return null;
      }
      let last: Progress | null = null;
      let told = Promise.resolve();
      const tell = (progress: Progress): void => {
        last = progress;
        // One after the other; a progress that is lost is followed by the next one.
        told = told.then(() => job.updateProgress({ ...progress })).catch(() => undefined);
      };
      await runner.run(data.week, data.input, stopped.signal, tell).catch((error: unknown) => {
        if (stopped.signal.aborted) throw error;
        return giveUpUnlessPassing(error);
      });
      await told;
      return last;
    },
    { concurrency: 1, lockDuration: lockMs, stalledInterval: lockMs, maxStalledCount: MAX_STALLED },
  );
  worker.on("failed", (job, error) => {
    // Why a run was given up stands in its entry of the ledger: the reason may quote the row at fault, which no log may.
    const why = error instanceof UnrecoverableError ? { failure: nameOf(error.cause) } : { err: error };
    logger.warn({ job: job?.id, attempt: job?.attemptsMade, ...why }, "weekly job failed");
  });
  worker.on("completed", (job) => logger.info({ job: job.id }, "weekly job complete"));
  // A worker comes back from an outage of its store only once it has been connected.
  await worker.waitUntilReady();

  return {
    trigger,
    schedule,
    setPaused,
    jobNews: (jobId) => jobNews(queue, jobId),
    stop: () => stopped.abort(new Error("the scheduler is stopping; the run goes on after its restart")),
  };
}

const isPaused = (data: unknown): boolean =>
  typeof data === "object" && data !== null && "paused" in data && data.paused === true;

/** Whether a job waits, runs or is done. One that failed is removed, so that it can be asked for again. */
async function isUnderWay(queue: JobQueue<WeeklyJob, Progress | null>, jobId: string): Promise<boolean> {
  const job = await queue.getJob(jobId);
  if (!job) return false;
  if ((await job.getState()) !== "failed") return true;
  await job.remove();
  return false;
}

async function jobNews(queue: JobQueue<WeeklyJob, Progress | null>, jobId: string): Promise<JobNews | null> {
  const job = await queue.getJob(jobId);
  if (!job) return null;
  const state = await job.getState();
  if (state === "unknown") return null;
  const progress = job.returnvalue ?? (isProgress(job.progress) ? job.progress : null);
  if (state === "failed") return { state, progress, failure: job.failedReason };
  return { state: state === "completed" ? "complete" : "running", progress, failure: "" };
}

const isProgress = (value: unknown): value is Progress =>
  typeof value === "object" && value !== null && "stage" in value && "rowsRead" in value;

/** Only a peer that is away is worth another attempt. */
function giveUpUnlessPassing(error: unknown): never {
  if (error instanceof PeerUnavailableError || !(error instanceof Error)) throw error;
  throw Object.assign(new UnrecoverableError(error.message), { cause: error });
}

const nameOf = (cause: unknown): string => (cause instanceof Error ? cause.name : "unknown");
