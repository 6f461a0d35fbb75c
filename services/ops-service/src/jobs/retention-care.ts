import { setTimeout as delay } from "node:timers/promises";

export interface RetentionCareOptions {
  /** Does one pass, and returns what it has done, in numbers. */
  readonly removeOldData: () => Promise<Readonly<Record<string, number>>>;
  /** Time between two passes, ms. */
  readonly everyMs: number;
  readonly onDone: (done: Readonly<Record<string, number>>) => void;
  readonly onError: (error: unknown) => void;
}

/** The first pass is not part of the start, which it would delay. */
const FIRST_MS = 60_000;

/** Removes old data at intervals. An error ends the pass; the next one continues. */
export function startRetentionCare({ removeOldData, everyMs, onDone, onError }: RetentionCareOptions): Disposable {
  const stopped = new AbortController();
  const { signal } = stopped;
  const wait = (ms: number): Promise<void> => delay(ms, undefined, { signal, ref: false }).catch(() => {});
  const care = async (): Promise<void> => {
    for (let ms = Math.min(FIRST_MS, everyMs); !signal.aborted; ms = everyMs) {
      await wait(ms);
      if (signal.aborted) return;
      try {
        const done = await removeOldData();
        if (Object.values(done).some((count) => count > 0)) onDone(done);
      } catch (error) {
        if (!signal.aborted) onError(error);
      }
    }
  };
  void care();
  // A pass in progress ends with its database connection, so that a stop never waits for it.
  return { [Symbol.dispose]: () => stopped.abort() };
}
