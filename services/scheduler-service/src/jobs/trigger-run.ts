import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { checkWeekBegun, isoWeekAt, parseIsoWeek } from "@bellwether/contract/iso-week";
import { isQueueUnavailable, readQueue } from "@bellwether/queue/queue-error";
import type { Job } from "bullmq";
import { JobStoreError, RunUnderWayError } from "../domain/scheduler-error.ts";
import type { RunDecisions } from "../domain/weekly-ports.ts";
import { RUN_OPTIONS, type RunJob, WEEKLY_SCHEDULE, type WeeklyJob, type WeeklyQueue } from "./weekly-queue.ts";

/** A run that was asked for. */
export interface TriggeredRun {
  readonly jobId: string;
  readonly week: string;
  /** The week was running or complete already. */
  readonly alreadyKnown: boolean;
}

export interface TriggerDeps {
  readonly queue: WeeklyQueue;
  /** IANA time zone of the present week. */
  readonly timeZone: string;
  /** Whether the ledger has the week as complete. @throws PeerUnavailableError, PeerRejectedError */
  readonly isComplete: (week: string) => Promise<boolean>;
  /** Finds the weekly file that a trigger names. @throws InputNotFoundError, DiskError */
  readonly findInput: (input: string) => Promise<string>;
  readonly now: () => Date;
}

/** Puts runs into the queue, and knows which of them may be run. */
export interface RunTrigger {
  /**
   * Asks for a run in a caller's name: it is in the queue when this resolves, and is never run when this rejects.
   * @param signal the end of the caller's patience
   * @param decisions of the caller about the run
   * @throws IsoWeekError, FutureWeekError, RunUnderWayError, InputNotFoundError, DiskError, JobStoreError, PeerUnavailableError, PeerRejectedError
   */
  ask(week: string, input: string, signal?: AbortSignal, decisions?: RunDecisions): Promise<TriggeredRun>;
  /** Asks for the present week on the configured file, in the schedule's name. @throws as `ask` */
  tick(): Promise<TriggeredRun>;
  /** Whether a job that a worker has taken may run; waits for a request that is not decided yet. */
  mayRun(jobId: string, job: RunJob, signal: AbortSignal): Promise<boolean>;
}

/** A caller has an answer by then. */
const ASK_MS = 8_000;
/** A request that is not accepted by then never will be. */
const DECIDED_MS = 10_000;
const LOOK_MS = 50;
/** Requests that were rejected in this process while their acceptance was on its way. */
const MAX_WITHDRAWN = 1_000;

/**
 * A command to a store that goes silent may be carried out later, after its caller was told that it failed. So a caller's run takes two:
 * the job is added, and then accepted; a worker drops what is not accepted in time. A second command that has no answer withdraws the
 * request in this process.
 */
export function createRunTrigger({ queue, timeZone, isComplete, findInput, now }: TriggerDeps): RunTrigger {
  const withdrawn = new Set<string>();
  const withdraw = (id: string): void => {
    const oldest = withdrawn.size >= MAX_WITHDRAWN ? withdrawn.values().next().value : undefined;
    if (oldest !== undefined) withdrawn.delete(oldest);
    withdrawn.add(id);
  };

  /** The job of the week that waits or runs. One that is over is removed: the next one compares its file with the ledger's. */
  const underWay = async (jobId: string, signal: AbortSignal): Promise<RunJob | null> => {
    for (;;) {
      const job = await readQueue(() => queue.getJob(jobId));
      const state = await job?.getState();
      if (job === undefined || state === undefined || state === "unknown") return null;
      if (state === "completed" || state === "failed") {
        await job.remove();
        return null;
      }
      if (isRun(job) && isAccepted(job.data)) return job.data;
      // Another caller's, a moment ago, or one whose caller was told that it failed: a worker drops it soon.
      await pause(LOOK_MS, undefined, { signal });
    }
  };

  /** Whether the job in the queue is this one; another caller may have been faster. */
  const add = async (jobId: string, job: RunJob, signal: AbortSignal): Promise<boolean> => {
    await queue.add("run", job, { ...RUN_OPTIONS, jobId });
    if (job.request === undefined) return true;
    const { id } = job.request;
    const added = await queue.getJob(jobId);
    if (added === undefined || !isRun(added) || added.data.request?.id !== id) return false;
    try {
      await within(signal, () => added.updateData({ ...job, request: { id, accepted: true } }));
      return true;
    } catch (error) {
      withdraw(id);
      throw error;
    }
  };

  const trigger = async (
    asked: string,
    input: string,
    signal: AbortSignal,
    isCaller: boolean,
    decisions: RunDecisions,
  ): Promise<TriggeredRun> => {
    const week = parseIsoWeek(asked || isoWeekAt(now(), timeZone));
    checkWeekBegun(week, now(), Boolean(decisions.forceFuture));
    const jobId = `${WEEKLY_SCHEDULE}-${week}`;
    for (;;) {
      const running = await underWay(jobId, signal);
      if (running !== null) {
        checkSameRun(running, input === "" ? running.input : await findInput(input), decisions);
        return { jobId, week, alreadyKnown: true };
      }
      const alreadyKnown = await isComplete(week);
      // A complete week gets its job too: it compares the file with that of the run, and its progress can be watched.
      const file = await findInput(input);
      const request = isCaller ? { request: { id: randomUUID(), accepted: false } } : {};
      if (await add(jobId, { kind: "run", week, input: file, ...request, ...decisions }, signal))
        return { jobId, week, alreadyKnown };
      signal.throwIfAborted();
    }
  };
  const answered = async (
    asked: string,
    input: string,
    caller?: AbortSignal,
    decisions: RunDecisions = {},
  ): Promise<TriggeredRun> => {
    const late = AbortSignal.timeout(ASK_MS);
    const signal = caller ? AbortSignal.any([caller, late]) : late;
    try {
      return await within(signal, () => trigger(asked, input, signal, true, decisions));
    } catch (cause) {
      if (late.aborted || isQueueUnavailable(cause)) throw new JobStoreError("does not answer", { cause });
      throw cause;
    }
  };

  return {
    ask: answered,
    tick: () => trigger("", "", AbortSignal.timeout(ASK_MS), false, {}),
    async mayRun(jobId, job, signal) {
      for (const until = performance.now() + DECIDED_MS; ; await pause(LOOK_MS, undefined, { signal })) {
        const id = job.request?.id;
        if (id !== undefined && withdrawn.has(id)) return false;
        const found = isAccepted(job) ? job : (await queue.getJob(jobId))?.data;
        if (found !== undefined && isAccepted(found)) return id === undefined || !withdrawn.has(id);
        if (found === undefined || performance.now() > until) return false;
      }
    },
  };
}

/** A request that wants something else than the run that is under way must not seem to be granted. @throws RunUnderWayError */
function checkSameRun(running: RunJob, file: string, decisions: RunDecisions): void {
  if (file !== running.input) throw new RunUnderWayError(running.week, "with another file");
  for (const [name, key] of [
    ["accept_losses", "acceptLosses"],
    ["force_future", "forceFuture"],
  ] as const)
    if (decisions[key] && decisions[key].reason !== running[key]?.reason)
      throw new RunUnderWayError(running.week, `without this ${name}`);
}

/** BullMQ's types tell a queue's kinds of jobs apart, its answers do not. */
const isRun = (job: Job<WeeklyJob>): job is Job<RunJob> => job.data.kind === "run";

/** Jobs of the schedule, and of earlier versions, carry no request. */
const isAccepted = (job: WeeklyJob): boolean => job.kind !== "run" || (job.request?.accepted ?? true);

/** What `work` gives, unless the signal comes first; it is not begun after that. */
function within<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", stop));
  });
}
