import { setTimeout as pause } from "node:timers/promises";
import type { JobStatus } from "./weekly-jobs.ts";

/** The states of a job, one after the other, until the signal fires; null: there is no such job. */
export type WatchJob = (jobId: string, signal: AbortSignal) => AsyncGenerator<JobStatus | null>;

/** The look-ups of one job that is watched. */
interface Poll {
  watchers: number;
  /** The last look-up and when it began, `performance.now()`. */
  latest: { readonly startedAt: number; readonly found: Promise<JobStatus | null> };
  /** The one that comes next, when somebody waits for it. */
  next: Promise<JobStatus | null> | undefined;
}

/** Looks at a watched job every `everyMs`, once for all who watch it, so that the job store has the same load whatever their number. */
export function createJobWatch(lookUp: (jobId: string) => Promise<JobStatus | null>, everyMs: number): WatchJob {
  const polls = new Map<string, Poll>();
  const start = (jobId: string): Poll["latest"] => {
    const found = lookUp(jobId);
    // Whoever waits gets the error; all may have gone.
    found.catch(() => {});
    return { startedAt: performance.now(), found };
  };
  const present = (jobId: string, poll: Poll): Promise<JobStatus | null> => {
    if (performance.now() - poll.latest.startedAt > everyMs) poll.latest = start(jobId);
    return poll.latest.found;
  };
  const following = (jobId: string, poll: Poll): Promise<JobStatus | null> => {
    poll.next ??= pause(everyMs).then(() => {
      poll.next = undefined;
      poll.latest = start(jobId);
      return poll.latest.found;
    });
    poll.next.catch(() => {});
    return poll.next;
  };
  return async function* watch(jobId, signal) {
    const poll = polls.get(jobId) ?? { watchers: 0, latest: start(jobId), next: undefined };
    polls.set(jobId, poll);
    poll.watchers++;
    try {
      yield await untilAborted(present(jobId, poll), signal);
      while (true) yield await untilAborted(following(jobId, poll), signal);
    } finally {
      if (--poll.watchers === 0) polls.delete(jobId);
    }
  };
}

/** @throws the signal's reason when it fires first */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    const leave = (): void => signal.removeEventListener("abort", stop);
    work.then(resolve, reject).finally(leave);
  });
}
