import { setTimeout as delay } from "node:timers/promises";

/** A connection of its own to a store. */
export interface StoreProbe {
  /** Asks the store for anything; rejects when it cannot be asked. */
  ask(): Promise<unknown>;
  /** Gives the connection up, whatever it waits for. */
  close(): Promise<void>;
}

/** How a store is asked whether it answers; all of it in milliseconds. */
export interface PulseTimes {
  /** Between an answer and the next question. */
  readonly pauseMs: number;
  /** A store that takes longer does not answer. */
  readonly timeLimitMs: number;
  /** How long such an answer is waited for before the connection counts as lost. */
  readonly giveUpMs: number;
}

const DEFAULT_TIMES: PulseTimes = { pauseMs: 1_000, timeLimitMs: 2_000, giveUpMs: 10_000 };

/**
 * Asks a store again and again whether it answers, one question at a time, until it is disposed of. It has a connection of its own:
 * a pool whose connections are all busy is no store that is away.
 * @param changed told when the store answers no more, and when it answers again; it is taken to answer at first
 */
export function watchStore(
  connect: () => StoreProbe,
  changed: (answers: boolean) => void,
  { pauseMs, timeLimitMs, giveUpMs }: PulseTimes = DEFAULT_TIMES,
): AsyncDisposable {
  const stopped = new AbortController();
  const { signal } = stopped;
  let answers = true;
  const tell = (now: boolean): void => {
    if (now !== answers && !signal.aborted) changed(now);
    answers = now;
  };
  const ask = async (probe: StoreProbe): Promise<boolean> => {
    const late = setTimeout(tell, timeLimitMs, false);
    const answered = probe.ask().then(
      () => true,
      () => false,
    );
    const givenUp = delay(giveUpMs, false, { signal }).catch(() => false);
    return Promise.race([answered, givenUp]).finally(() => clearTimeout(late));
  };
  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      const probe = connect();
      let now = true;
      while (now && !signal.aborted) {
        now = await ask(probe);
        tell(now);
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
