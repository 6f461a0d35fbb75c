import { setTimeout as delay } from "node:timers/promises";

/** A store answers, but takes no writes: a replica, a standby, a full disk. The message is one line without data. */
export class StoreReadOnlyError extends Error {
  override readonly name = "StoreReadOnlyError" as const;
}

/** A connection of its own to a store. */
export interface StoreProbe {
  /** Asks the store whether it can be used; rejects when it cannot. @throws StoreReadOnlyError when it takes no writes */
  ask(): Promise<unknown>;
  /** Gives the connection up, whatever it waits for. */
  close(): Promise<void>;
}

/** How a store is asked whether it answers; all of it in milliseconds. */
export interface WatchTimes {
  /** Between an answer and the next question. */
  readonly pauseMs: number;
  /** A store that takes longer does not answer. */
  readonly timeLimitMs: number;
  /** How long such an answer is waited for before the connection counts as lost. */
  readonly giveUpMs: number;
}

const SILENT = "does not answer";

const DEFAULT_TIMES: WatchTimes = { pauseMs: 1_000, timeLimitMs: 2_000, giveUpMs: 10_000 };

/**
 * Asks a store again and again whether it can be used, one question at a time, until it is disposed of. It has a connection of its own:
 * a pool whose connections are all busy is no store that is away.
 * @param changed called when the store cannot be used any more, with the reason ("does not answer", or what it says itself), when the
 * reason changes, and when it can be used again, with ""; it is taken to be usable at first
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
    const late = setTimeout(report, timeLimitMs, SILENT);
    const answered = probe.ask().then(
      () => "",
      (error: unknown) => (error instanceof StoreReadOnlyError ? error.message : SILENT),
    );
    const givenUp = delay(giveUpMs, SILENT, { signal }).catch(() => SILENT);
    return Promise.race([answered, givenUp]).finally(() => clearTimeout(late));
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
