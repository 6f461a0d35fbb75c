import { setTimeout as delay } from "node:timers/promises";
import type { Sql } from "postgres";
import { connectPostgres } from "./open-postgres.ts";

/** How a server is asked whether it answers; all of it in milliseconds. */
export interface PulseTimes {
  /** Between an answer and the next question. */
  readonly pauseMs: number;
  /** A server that takes longer does not answer. */
  readonly timeLimitMs: number;
  /** How long such an answer is waited for before the connection counts as lost. */
  readonly giveUpMs: number;
}

const DEFAULT_TIMES: PulseTimes = { pauseMs: 1_000, timeLimitMs: 2_000, giveUpMs: 10_000 };

/**
 * Asks a server again and again whether it answers, one question at a time, until it is disposed of. It has a connection of its own:
 * a pool whose connections are all busy is no server that is away.
 * @param changed told when the server answers no more, and when it answers again; it is taken to answer at first
 */
export function watchPostgres(
  url: string,
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
  const ask = async (sql: Sql): Promise<boolean> => {
    const late = setTimeout(tell, timeLimitMs, false);
    const answered = sql`select 1`.then(
      () => true,
      () => false,
    );
    const givenUp = delay(giveUpMs, false, { signal }).catch(() => false);
    return Promise.race([answered, givenUp]).finally(() => clearTimeout(late));
  };
  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      const sql = connectPostgres(url, { max: 1, applicationName: "bellwether-pulse" });
      let now = true;
      while (now && !signal.aborted) {
        now = await ask(sql);
        tell(now);
        await delay(pauseMs, undefined, { signal }).catch(() => {});
      }
      await sql.end({ timeout: 0 });
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
