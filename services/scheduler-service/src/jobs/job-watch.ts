import { setTimeout as pause } from "node:timers/promises";

/** Yields the states of a job until the signal aborts. Null: the job does not exist. */
export type WatchJob<S> = (jobId: string, signal: AbortSignal) => AsyncGenerator<S | null>;

/** The look-ups of one watched job, which all its watchers use. */
interface Poll<S> {
  watchers: number;
  /** The last look-up and its start time, by `performance.now()`. */
  latest: { readonly startedAt: number; readonly found: Promise<S | null> };
  /** The next look-up, while a watcher waits for it. */
  next: Promise<S | null> | undefined;
  /** Ends the wait for the next look-up. */
  wake: AbortController;
}

/** Watches of jobs. */
export interface JobWatch<S> {
  readonly watch: WatchJob<S>;
  /** Looks a job up at once, for example because it has ended in this process. */
  nudge(jobId: string): void;
}

/**
 * Creates the watches of jobs. Each looks up its job every `everyMs` ms. All watchers of a job use
 * the same look-ups, so that the load on the job store does not depend on their number.
 */
export function createJobWatch<S>(lookUp: (jobId: string) => Promise<S | null>, everyMs: number): JobWatch<S> {
  const polls = new Map<string, Poll<S>>();
  const start = (jobId: string): Poll<S>["latest"] => {
    const found = lookUp(jobId);
    // Each waiting watcher gets the error. This handler is for the case that no watcher is left.
    found.catch(() => {});
    return { startedAt: performance.now(), found };
  };
  const present = (jobId: string, poll: Poll<S>): Promise<S | null> => {
    if (performance.now() - poll.latest.startedAt > everyMs) poll.latest = start(jobId);
    return poll.latest.found;
  };
  const following = (jobId: string, poll: Poll<S>): Promise<S | null> => {
    const lookAgain = (): Promise<S | null> => {
      poll.next = undefined;
      poll.wake = new AbortController();
      poll.latest = start(jobId);
      return poll.latest.found;
    };
    poll.next ??= pause(everyMs, undefined, { signal: poll.wake.signal }).then(lookAgain, lookAgain);
    poll.next.catch(() => {});
    return poll.next;
  };
  async function* watch(jobId: string, signal: AbortSignal): AsyncGenerator<S | null> {
    const poll = polls.get(jobId) ?? {
      ...{ watchers: 0, latest: start(jobId), next: undefined, wake: new AbortController() },
    };
    polls.set(jobId, poll);
    poll.watchers++;
    try {
      yield await untilAborted(present(jobId, poll), signal);
      while (true) yield await untilAborted(following(jobId, poll), signal);
    } finally {
      if (--poll.watchers === 0) polls.delete(jobId);
    }
  }
  return { watch, nudge: (jobId) => polls.get(jobId)?.wake.abort() };
}

/** @throws the reason of the signal when it aborts first */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    const leave = (): void => signal.removeEventListener("abort", stop);
    work.then(resolve, reject).finally(leave);
  });
}
