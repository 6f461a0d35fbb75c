import { setTimeout as pause } from "node:timers/promises";
import type { RetrainPolicy } from "@bellwether/config/retrain-policy";
import { createPeerOutage } from "@bellwether/mesh/errors/peer-outage";
import type { Queues } from "@bellwether/queue/open-queue";
import { isQueueUnavailable, readQueue } from "@bellwether/queue/queue-error";
import type { Logger } from "@bellwether/telemetry/logger";
import { outsideTrace } from "@bellwether/telemetry/outside-trace";
import type { Job } from "bullmq";
import { RETRAIN_QUEUE } from "../domain/queue-names.ts";
import { failedRetrain, type RetrainResult, type RetrainSteps, type RetrainTask } from "../domain/retrain.ts";
import { type DueState, type NewestWeek, type RetrainWindow, windowUntil } from "../domain/retrain-due.ts";
import { nextNumber, type RetrainRecord } from "../domain/retrain-record.ts";
import { JobStoreError, mayPass, RetrainNotPossibleError, RetrainUnderWayError } from "../domain/scheduler-error.ts";
import type { RetrainMemory } from "./retrain-memory.ts";
import { createRetrainMetrics } from "./retrain-metrics.ts";
import { RETRAIN_OPTIONS, type RetrainJob, type RetrainQueue, retrainJobId } from "./retrain-queue.ts";
import { isRetrainProgress, type RetrainStatus, statusOf } from "./retrain-status.ts";
import { startRetrainWorker } from "./retrain-worker.ts";

export interface RetrainJobsConfig {
  readonly queues: Queues;
  /** Name of the queue. Default: that of the default model. */
  readonly queueName?: string;
  /** Name of the model in metrics and logs. Undefined: the default model, which has none there. */
  readonly modelLabel?: string;
  readonly policy: RetrainPolicy;
  readonly steps: RetrainSteps;
  readonly memory: RetrainMemory;
  /** Null: no week is complete. @throws PeerUnavailableError, PeerRejectedError */
  readonly newestWeek: (signal: AbortSignal) => Promise<NewestWeek | null>;
  /** Whether a retrain is due. */
  readonly findDue: (last: RetrainRecord | null, signal: AbortSignal) => Promise<DueState>;
  readonly logger: Logger;
  /** Interval at which it is checked whether a retrain is due, milliseconds. */
  readonly checkMs: number;
  /** Time after which the job of a killed worker is taken over, milliseconds. Default 30,000. */
  readonly lockMs?: number;
  /** Default: the clock of the system. */
  readonly now?: () => Date;
}

/** What a person asks for. */
export interface RetrainRequest {
  /** Null: that of the policy, up to the newest complete week. */
  readonly window: RetrainWindow | null;
  readonly reason: string;
  readonly actor: string;
}

/** A retrain that a person has asked for. */
export interface TriggeredRetrain {
  readonly jobId: string;
  readonly window: RetrainWindow;
  /** True when it was under way already. */
  readonly alreadyKnown: boolean;
}

/** The result of a check whether a retrain is due. */
export type CheckedDue = DueState & {
  /** When the check began, epoch milliseconds. */
  readonly checkedMs: number;
};

/** Retrains as jobs of a queue, one at a time. All functions throw JobStoreError. */
export interface RetrainJobs {
  /**
   * Starts a retrain. A retrain that is under way with the same window is not started again.
   * @throws RetrainUnderWayError, RetrainNotPossibleError, PeerUnavailableError, PeerRejectedError
   */
  trigger(request: RetrainRequest, signal: AbortSignal): Promise<TriggeredRetrain>;
  /** Cancels a retrain, if it has not ended. Null: the job does not exist. */
  cancel(jobId: string, by: { readonly actor: string; readonly reason: string }): Promise<RetrainStatus | null>;
  /** Null: the job does not exist. */
  status(jobId: string): Promise<RetrainStatus | null>;
  /** Returns the last retrains, newest first. */
  recent(): Promise<readonly RetrainStatus[]>;
  /** Whether a retrain was due at the last check, and when the check began. Null: not checked yet. */
  due(): CheckedDue | null;
  /** Calls a function with the id of each job that ends in this process. */
  onEnd(listener: (jobId: string) => void): void;
  /** Checks now whether a retrain is due. Resolves after the check, also when it failed. */
  nudge(): Promise<void>;
  /** Ends a training in progress. The next process begins it again. */
  stop(): Promise<void>;
}

const LOCK_MS = 30_000;
const SCHEDULER = "scheduler-service";
const UNKNOWN_START = "GetRetrain shows later whether the retrain was started or cancelled";
const UNDER_WAY: ReadonlySet<string> = new Set(["active", "waiting", "delayed", "prioritized", "waiting-children"]);

/** Starts the worker of the retrains, and the checks whether one is due. Any number of processes may do this. */
export async function startRetrainJobs(config: RetrainJobsConfig): Promise<RetrainJobs> {
  const { queues, policy, steps, memory, newestWeek, findDue, logger, checkMs, lockMs = LOCK_MS } = config;
  const { now = () => new Date(), queueName = RETRAIN_QUEUE, modelLabel } = config;
  const queue: RetrainQueue = queues.queue<RetrainJob, RetrainResult>(queueName);
  const count = createRetrainMetrics(modelLabel);
  const stopped = new AbortController();
  let lastDue: CheckedDue | null = null;
  const outage = createPeerOutage({
    ...{ logger, mayPass },
    text: "it cannot be checked whether a retrain is due; the next check follows",
  });

  const finish = async (jobId: string, task: RetrainTask, result: RetrainResult): Promise<void> => {
    await memory.end(jobId, result);
    count(result.outcome, task.trigger);
    const fields = { job: jobId, trigger: task.trigger, outcome: result.outcome, version: result.version };
    if (result.failure === "") logger.info(fields, "retrain ended");
    else logger.warn({ ...fields, reason: result.failure }, "retrain ended without a version; the champion stays");
    void outsideTrace(() => memory.report(stopped.signal));
  };

  /** Finds a job and its state. Null: it does not exist. */
  const find = async (jobId: string) => {
    const job = await readQueue(() => queue.getJob(jobId));
    const state = await job?.getState();
    return job === undefined || state === undefined || state === "unknown" ? null : { job, state };
  };

  /** Returns the job of the retrain that is queued or running. Null: none is. */
  const underWay = async (): Promise<Job<RetrainJob> | null> => {
    const records = await memory.read();
    const last = records.at(-1);
    for (const id of [...(last?.endedMs === null ? [last.jobId] : []), retrainJobId(queueName, nextNumber(records))]) {
      const found = await find(id);
      if (found !== null && UNDER_WAY.has(found.state)) return found.job;
    }
    return null;
  };

  const add = async (task: RetrainTask): Promise<string> => {
    const number = nextNumber(await memory.read());
    const jobId = retrainJobId(queueName, number);
    const before = await find(jobId);
    // A job of an earlier data folder, or one that ended before it had begun.
    if (before !== null && !UNDER_WAY.has(before.state)) await before.job.remove();
    await readQueue(() => queue.add("retrain", { ...task, number }, { ...RETRAIN_OPTIONS, jobId }));
    return jobId;
  };

  /** Ends the record of a retrain whose job is lost: its process was killed too often, or the queue's store was emptied. */
  const settleLost = async (): Promise<void> => {
    const last = (await memory.read()).at(-1);
    if (last === undefined || last.endedMs !== null) return;
    const found = await find(last.jobId);
    if (found !== null && UNDER_WAY.has(found.state)) return;
    const reason = found?.job.failedReason;
    const why = reason ? `its job failed: ${reason}` : "its job is no longer in the queue";
    const result = found?.state === "completed" ? found.job.returnvalue : null;
    await finish(last.jobId, last, result ?? failedRetrain(`the retrain was lost: ${why}`));
  };

  const check = async (): Promise<void> => {
    if (stopped.signal.aborted) return;
    try {
      await settleLost();
      await memory.report(stopped.signal);
      if ((await underWay()) === null) {
        const checkedMs = now().getTime();
        const state = await findDue((await memory.read()).at(-1) ?? null, stopped.signal);
        if (state.due !== null) {
          const jobId = await add({ ...state.due, actor: SCHEDULER });
          logger.info({ job: jobId, ...state.due }, "a retrain is due");
        }
        lastDue = { ...state, checkedMs };
      }
      outage.end();
    } catch (error) {
      if (stopped.signal.aborted) return;
      outage.report(error);
    }
  };
  let running: Promise<void> = Promise.resolve();
  const nudge = (): Promise<void> => {
    running = outsideTrace(() => running.then(check));
    return running;
  };

  const worker = await startRetrainWorker({
    ...{ queues, queue, steps, memory, finish, logger, lockMs },
    stopped: stopped.signal,
  });
  const repeat = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await nudge();
      await pause(checkMs, undefined, { signal: stopped.signal, ref: false }).catch(() => {});
    }
  };
  const repeating = repeat();

  const status = async (jobId: string): Promise<RetrainStatus | null> => {
    const record = (await memory.read()).findLast((one) => one.jobId === jobId);
    if (record !== undefined && record.endedMs !== null) return statusOf(record, null);
    const job = await readQueue(() => queue.getJob(jobId));
    if (job === undefined) return record === undefined ? null : statusOf(record, null);
    const progress = isRetrainProgress(job.progress) ? job.progress : null;
    if (record !== undefined) return statusOf(record, progress);
    const { number: _number, cancelled: _cancelled, ...task } = job.data;
    return { jobId, task, state: "running", progress, result: null, beganMs: null, endedMs: null };
  };

  return {
    trigger: ({ window: wanted, reason, actor }, signal) =>
      orStoreError(async () => {
        const newest = wanted === null ? await newestWeek(signal) : null;
        if (wanted === null && newest === null) throw new RetrainNotPossibleError("no week is complete");
        const window = wanted ?? windowUntil(newest?.week ?? "", policy.windowWeeks);
        const known = await underWay();
        if (known === null)
          return { jobId: await add({ trigger: "person", reason, actor, window }), window, alreadyKnown: false };
        const { from, to } = known.data.window;
        if (from !== window.from || to !== window.to) throw new RetrainUnderWayError(known.id ?? "", from, to);
        return { jobId: known.id ?? "", window, alreadyKnown: true };
      }),
    cancel: (jobId, by) =>
      orStoreError(async () => {
        const found = await find(jobId);
        if (found !== null && UNDER_WAY.has(found.state))
          await readQueue(() => found.job.updateData({ ...found.job.data, cancelled: by }));
        // A job that waits for its next attempt takes the cancellation at once.
        if (found?.state === "delayed") await found.job.promote().catch(() => {});
        return await status(jobId);
      }),
    status: (jobId) => orStoreError(() => status(jobId)),
    async recent() {
      return (await memory.read()).toReversed().map((record) => statusOf(record, null));
    },
    due: () => lastDue,
    onEnd(listener) {
      for (const event of ["completed", "failed"] as const)
        worker.on(event, (job: Job | undefined) => {
          if (job?.id !== undefined) listener(job.id);
        });
    },
    nudge,
    async stop() {
      stopped.abort(new Error("the scheduler is stopping; the retrain begins again after its restart"));
      await repeating;
      await running;
    },
  };
}

/** @throws JobStoreError when the queue's store does not answer */
async function orStoreError<T>(work: () => Promise<T>): Promise<T> {
  return work().catch((cause: unknown) => {
    throw isQueueUnavailable(cause) ? new JobStoreError("does not answer", UNKNOWN_START, { cause }) : cause;
  });
}
