import { setTimeout as delay } from "node:timers/promises";
import type { AnnouncedChange } from "../domain/alerts/announced-change.ts";

export interface SessionCareOptions {
  /** Streams the ids of sessions that have ended. @throws when the database does not answer */
  readonly watchEnded: (signal: AbortSignal) => Promise<AsyncIterable<AnnouncedChange>>;
  readonly endWatches: (sessionId: string) => void;
  /** Ends the watches of all sessions that are no longer accepted. */
  readonly sweep: () => Promise<void>;
  /** Removes ended sessions, and returns their number, at most 1,000 per table. */
  readonly removeEnded: () => Promise<number>;
  readonly onError: (error: unknown) => void;
}

const RETRY_MS = 1_000;
/** Interval at which the sessions of open watches are checked: a watch ends this long after its session, at the latest. */
const SWEEP_MS = 4_000;
const REMOVE_MS = 10 * 60_000;

/** Ends the watches of sessions that end, and removes old sessions from the database. */
export function startSessionCare(options: SessionCareOptions): AsyncDisposable {
  const { watchEnded, endWatches, sweep, removeEnded, onError } = options;
  const stopped = new AbortController();
  const { signal } = stopped;
  const wait = (ms: number): Promise<void> => delay(ms, undefined, { signal, ref: false }).catch(() => {});
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        for await (const { payload } of await watchEnded(signal)) endWatches(payload);
      } catch {
        // The database does not answer, which is logged elsewhere. Until it answers, the sweep ends the watches.
      }
      await wait(RETRY_MS);
    }
  };
  const repeat = async (work: () => Promise<unknown>, ms: number): Promise<void> => {
    while (!signal.aborted) {
      await wait(ms);
      if (!signal.aborted) await work().catch(onError);
    }
  };
  const running = Promise.all([follow(), repeat(sweep, SWEEP_MS), repeat(removeEnded, REMOVE_MS)]);
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await running;
    },
  };
}
