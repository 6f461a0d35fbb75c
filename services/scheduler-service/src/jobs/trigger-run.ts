import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { checkWeekBegun, isoWeekAt, parseIsoWeek } from "@bellwether/contract/iso-week";
import { isQueueUnavailable, readQueue } from "@bellwether/queue/queue-error";
import type { Job } from "bullmq";
import type { JobState, StartedWeek } from "../domain/catch-up.ts";
import { JobStoreError, RunUnderWayError } from "../domain/scheduler-error.ts";
import type { RunDecisions, WeekCompletion } from "../domain/weekly-ports.ts";
import { RUN_OPTIONS, type RunJob, type WeeklyJob, type WeeklyQueue } from "./weekly-queue.ts";

/** A requested run. */
export interface TriggeredRun {
  readonly jobId: string;
  readonly week: string;
  /** True when the week was running or complete already. */
  readonly alreadyKnown: boolean;
  /** Number of the revision that a person has requested and the run makes. 0: none was requested. */
  readonly newRevision: number;
}

export interface TriggerDeps {
  readonly queue: WeeklyQueue;
  /** IANA time zone that defines the current week. */
  readonly timeZone: string;
  /** Whether the week is complete in the ledger. @throws PeerUnavailableError, PeerRejectedError */
  readonly completion: (week: string) => Promise<WeekCompletion>;
  /**
   * Finds the weekly file of a week that a trigger names; "" = the configured file.
   * @throws InputNotFoundError, InputPatternError, DiskError
   */
  readonly findInput: (input: string, week: string) => Promise<string>;
  readonly now: () => Date;
}

/** Adds runs to the queue, and decides which of them may be run. */
export interface RunTrigger {
  /**
   * Requests a run for a caller. When this resolves, the run is in the queue; when it rejects, the run is
   * never done.
   * @param signal aborts when the caller cancels or its deadline passes
   * @param decisions decisions of the caller about the run
   * @throws IsoWeekError, FutureWeekError, RunUnderWayError, InputNotFoundError, DiskError, JobStoreError, PeerUnavailableError, PeerRejectedError
   */
  ask(week: string, input: string, signal?: AbortSignal, decisions?: RunDecisions): Promise<TriggeredRun>;
  /** Adds a run that the scheduler starts by itself, unless the week has a run in the queue. */
  begin(run: StartedWeek): Promise<void>;
  jobState(week: string): Promise<JobState>;
  /**
   * Whether a worker may run the job it has taken. Waits while its request is neither accepted nor rejected.
   */
  mayRun(jobId: string, job: RunJob, signal: AbortSignal): Promise<boolean>;
}

/** Maximum time until a caller gets an answer or an error. */
const ASK_MS = 8_000;
/** Time after which a request that was not accepted is rejected. It is longer than ASK_MS. */
const DECIDED_MS = 10_000;
const LOOK_MS = 50;
/** First wait for the acceptance of a request, which most often comes a few milliseconds after its job. */
const FIRST_LOOK_MS = 2;
/**
 * Maximum number of requests that are remembered because this process rejected them while their acceptance
 * was being sent.
 */
const MAX_WITHDRAWN = 1_000;

/**
 * A store that stops answering may carry out a command later, after its caller got an error. So a caller's
 * run takes two commands: one adds the job, one accepts it. A worker drops a job that is not accepted in
 * time. If the second command has no answer, the request is withdrawn in this process.
 */
export function createRunTrigger({ queue, timeZone, completion, findInput, now }: TriggerDeps): RunTrigger {
  const jobIdOf = (week: string): string => `${queue.name}-${week}`;
  const withdrawn = new Set<string>();
  const withdraw = (id: string): void => {
    const oldest = withdrawn.size >= MAX_WITHDRAWN ? withdrawn.values().next().value : undefined;
    if (oldest !== undefined) withdrawn.delete(oldest);
    withdrawn.add(id);
  };

  /**
   * Returns the job of the week that is queued or running. A job that has ended is removed, because a new job must
   * compare its file with the file in the ledger. A job that waits for its next attempt with another file is removed
   * too.
   */
  const underWay = async (
    jobId: string,
    signal: AbortSignal,
    replaces: (job: RunJob) => Promise<boolean>,
  ): Promise<RunJob | null> => {
    for (;;) {
      const job = await readQueue(() => queue.getJob(jobId));
      const state = await job?.getState();
      if (job === undefined || state === undefined || state === "unknown") return null;
      if (state === "completed" || state === "failed") {
        await job.remove();
        return null;
      }
      if (isRun(job) && isAccepted(job.data)) {
        if (state !== "delayed" || !(await replaces(job.data))) return job.data;
        // A worker that takes the job at this moment has locked it: it is then under way.
        await job.remove().catch(() => pause(LOOK_MS, undefined, { signal }));
        continue;
      }
      // A job of another caller that is not accepted yet, or whose caller got an error. A worker drops the
      // latter soon.
      await pause(LOOK_MS, undefined, { signal });
    }
  };

  /** Adds the job. Returns false when the queue has the job of another caller instead. */
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
    decisions: RunDecisions,
  ): Promise<TriggeredRun> => {
    const week = parseIsoWeek(asked || isoWeekAt(now(), timeZone));
    checkWeekBegun(week, now(), Boolean(decisions.forceFuture));
    const jobId = jobIdOf(week);
    for (;;) {
      const fileOf = async (job: RunJob) => (input === "" ? job.input : await findInput(input, week));
      const running = await underWay(jobId, signal, async (job) => (await fileOf(job)) !== job.input);
      if (running !== null) {
        checkSameRun(running, await fileOf(running), decisions);
        return { jobId, week, alreadyKnown: true, newRevision: 0 };
      }
      const { isComplete: alreadyKnown, newRevision } = await completion(week);
      // A complete week gets a job too: the job compares the file with that of the run, and its progress can
      // be watched.
      const file = await findInput(input, week);
      const request = { request: { id: randomUUID(), accepted: false } };
      if (await add(jobId, { kind: "run", week, input: file, ...request, ...decisions }, signal))
        return { jobId, week, alreadyKnown, newRevision };
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
      return await within(signal, () => trigger(asked, input, signal, decisions));
    } catch (cause) {
      if (late.aborted || isQueueUnavailable(cause)) throw new JobStoreError("does not answer", undefined, { cause });
      throw cause;
    }
  };

  return {
    ask: answered,
    async begin({ week, input, remark, keepsSnapshot }) {
      const jobId = jobIdOf(week);
      if ((await underWay(jobId, AbortSignal.timeout(DECIDED_MS + ASK_MS), () => Promise.resolve(false))) !== null)
        return;
      await add(
        jobId,
        { kind: "run", week, input, ...(remark && { remark }), ...(keepsSnapshot && { keepsSnapshot }) },
        NEVER,
      );
    },
    async jobState(week) {
      const job = await readQueue(() => queue.getJob(jobIdOf(week)));
      const state = await job?.getState();
      if (job === undefined || state === undefined || state === "unknown") return "none";
      if (state === "completed") return "ended";
      if (state !== "failed") return "under way";
      return job.attemptsMade >= (job.opts.attempts ?? 1) ? "exhausted" : "ended";
    },
    async mayRun(jobId, job, signal) {
      const until = performance.now() + DECIDED_MS;
      for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(2 * waitMs, LOOK_MS)) {
        const id = job.request?.id;
        if (id !== undefined && withdrawn.has(id)) return false;
        const found = isAccepted(job) ? job : (await queue.getJob(jobId))?.data;
        if (found !== undefined && isAccepted(found)) return id === undefined || !withdrawn.has(id);
        if (found === undefined || performance.now() > until) return false;
        await pause(waitMs, undefined, { signal });
      }
    },
  };
}

/** A signal for commands that no caller waits for. */
const NEVER = new AbortController().signal;

/**
 * Rejects a request that differs from the current run, so that it does not seem to be granted. @throws
 * RunUnderWayError
 */
function checkSameRun(running: RunJob, file: string, decisions: RunDecisions): void {
  if (file !== running.input) throw new RunUnderWayError(running.week, "with another file");
  for (const [name, key] of [
    ["accept_losses", "acceptLosses"],
    ["force_future", "forceFuture"],
  ] as const)
    if (decisions[key] && decisions[key].reason !== running[key]?.reason)
      throw new RunUnderWayError(running.week, `without this ${name}`);
}

/** This check is needed because BullMQ returns the kinds of jobs of a queue as one type. */
const isRun = (job: Job<WeeklyJob>): job is Job<RunJob> => job.data.kind === "run";

/** Jobs of the schedule and of earlier releases have no request. */
const isAccepted = (job: WeeklyJob): boolean => job.kind !== "run" || (job.request?.accepted ?? true);

/**
 * Returns the result of `work`, or rejects when the signal aborts first. Does not call `work` when it has
 * aborted already.
 */
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
