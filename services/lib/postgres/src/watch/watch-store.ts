import { setTimeout as delay } from "node:timers/promises";

/**
 * A store answers but rejects writes: a replica, a standby, a full disk. The message is one line without
 * data.
 */
export class StoreReadOnlyError extends Error {
  override readonly name = "StoreReadOnlyError" as const;
}

/** A separate connection to a store, used only to check it. */
export interface StoreProbe {
  /**
   * Checks that the store can be used; rejects when it cannot. @throws StoreReadOnlyError when it rejects
   * writes
   */
  ask(): Promise<unknown>;
  /** Closes the connection, even in the middle of a check. */
  close(): Promise<void>;
}

/** Times of the checks, in milliseconds. */
export interface WatchTimes {
  /** Pause between an answer and the next check. */
  readonly pauseMs: number;
  /** A store that takes longer is reported as "does not answer". */
  readonly timeLimitMs: number;
  /** Time without an answer after which the connection counts as lost and is replaced. */
  readonly giveUpMs: number;
}

const NO_ANSWER = "does not answer";

const DEFAULT_TIMES: WatchTimes = { pauseMs: 1_000, timeLimitMs: 2_000, giveUpMs: 10_000 };

/**
 * Checks a store repeatedly, one check at a time, until it is disposed of. It uses its own connection: a pool
 * whose connections are all busy does not mean that the store is unavailable.
 * @param changed Called when the store becomes unusable, with the reason ("does not answer", or the store's own message); when the
 * reason changes; and when the store can be used again, with "". At first the store is assumed to be usable.
 */
export function watchStore(
  connect: () => StoreProbe,
  changed: (usable: boolean, reason: string) => void,
  { pauseMs, timeLimitMs, giveUpMs }: WatchTimes = DEFAULT_TIMES,
): AsyncDisposable {
  const stopped = new AbortController();
  const { signal } = stopped;
  let reason = "";
  const report = (now: string): void => {
    if (now !== reason && !signal.aborted) changed(now === "", now);
    reason = now;
  };
  const ask = async (probe: StoreProbe): Promise<string> => {
    const late = setTimeout(report, timeLimitMs, NO_ANSWER);
    const answered = probe.ask().then(
      () => "",
      (error: unknown) => (error instanceof StoreReadOnlyError ? error.message : NO_ANSWER),
    );
    const abandoned = delay(giveUpMs, NO_ANSWER, { signal }).catch(() => NO_ANSWER);
    return Promise.race([answered, abandoned]).finally(() => clearTimeout(late));
  };
  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      const probe = connect();
      let now = "";
      while (now === "" && !signal.aborted) {
        now = await ask(probe);
        report(now);
        await delay(pauseMs, undefined, { signal }).catch(() => {});
      }
      await probe.close();
    }
  };
  const watching = watch();
  return {
    [Symbol.asyncDispose]() {
      stopped.abort();
      return watching;
    },
  };
}
