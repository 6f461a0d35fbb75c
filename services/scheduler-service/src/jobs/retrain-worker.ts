import { setTimeout as pause } from "node:timers/promises";
import type { Queues } from "@bellwether/queue/open-queue";
import { readQueue } from "@bellwether/queue/queue-error";
import type { Logger } from "@bellwether/telemetry/logger";
import { type Job, UnrecoverableError } from "bullmq";
import {
  RetrainCancelledError,
  type RetrainProgress,
  type RetrainResult,
  type RetrainSteps,
  type RetrainTask,
  retrain,
} from "../domain/retrain.ts";
import type { RetrainMemory } from "./retrain-memory.ts";
import type { RetrainJob, RetrainQueue } from "./retrain-queue.ts";

export interface RetrainWorkerConfig {
  readonly queues: Queues;
  readonly queue: RetrainQueue;
  readonly steps: RetrainSteps;
  readonly memory: Pick<RetrainMemory, "read" | "begin">;
  /** Records the end of a retrain. */
  readonly finish: (jobId: string, task: RetrainTask, result: RetrainResult) => Promise<void>;
  /** Aborts when the service stops. */
  readonly stopped: AbortSignal;
  readonly logger: Logger;
  /** Time after which the job of a killed worker is taken over, milliseconds. */
  readonly lockMs: number;
}

const LOOKS_PER_LOCK = 15;
/** Number of kills during one retrain after which it fails. */
const MAX_STALLED = 3;
/** Interval at which a worker looks whether its retrain was cancelled, by any process, ms. */
const CANCEL_LOOK_MS = 500;

type Cancelled = NonNullable<RetrainJob["cancelled"]>;

/** Starts the worker that runs the retrains, one at a time. */
export async function startRetrainWorker(config: RetrainWorkerConfig) {
  const { queues, queue, steps, memory, finish, stopped, logger, lockMs } = config;
  const process = async (job: Job<RetrainJob, RetrainResult>): Promise<RetrainResult> => {
    const jobId = job.id ?? "";
    const { number, cancelled, ...task } = job.data;
    // If a process is killed after it recorded the result of a retrain, the queue does not have the result and runs the
    // job again.
    const findRecord = async () =>
      (await memory.read()).find((record) => record.jobId === jobId && record.number === number);
    const known = await findRecord();
    if (known?.result) return known.result;
    await memory.begin({ ...task, number, jobId });
    // That of the first attempt, if an earlier one was killed.
    const beganMs = (await findRecord())?.beganMs ?? Number.POSITIVE_INFINITY;
    const cancelling = new AbortController();
    const ended = new AbortController();
    const cancel = (by: Cancelled): void => cancelling.abort(new RetrainCancelledError(by.actor, by.reason));
    if (cancelled !== undefined) cancel(cancelled);
    const watching = watchCancel(queue, jobId, cancel, AbortSignal.any([stopped, ended.signal]));
    let reported = Promise.resolve();
    const report = (progress: RetrainProgress): void => {
      // Updates are sent one after the other. If one fails, the next update replaces it.
      reported = reported.then(() => job.updateProgress({ ...progress })).catch(() => undefined);
    };
    try {
      const isLast = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
      const signal = AbortSignal.any([stopped, cancelling.signal]);
      const result = await retrain(steps, task, report, { signal, isLast, beganMs });
      await reported;
      await finish(jobId, task, result);
      return result;
    } finally {
      ended.abort();
      await watching;
    }
  };
  const worker = queues.worker<RetrainJob, RetrainResult>(queue.name, process, {
    concurrency: 1,
    lockDuration: lockMs,
    stalledInterval: Math.ceil(lockMs / LOOKS_PER_LOCK),
    maxStalledCount: MAX_STALLED,
  });
  worker.on("failed", (job, error) => {
    if (stopped.aborted && !(error instanceof UnrecoverableError))
      logger.info({ job: job?.id }, "retrain stopped with the scheduler; it begins again after the restart");
    else logger.warn({ job: job?.id, attempt: job?.attemptsMade, err: error }, "retrain failed; it is tried again");
  });
  // A worker recovers from an outage of its store only if it was connected once.
  await worker.waitUntilReady();
  return worker;
}

/** Looks until the signal aborts whether a retrain was cancelled. An outage of the store delays the cancellation. */
async function watchCancel(
  queue: RetrainQueue,
  jobId: string,
  cancel: (by: Cancelled) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(CANCEL_LOOK_MS, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    const found = await readQueue(() => queue.getJob(jobId)).catch(() => undefined);
    if (found?.data.cancelled !== undefined) return cancel(found.data.cancelled);
  }
}
