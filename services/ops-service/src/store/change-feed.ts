import type { Sql } from "postgres";
import { WatchTooSlowError } from "../domain/ops-error.ts";

/** What other transactions tell, of this process or another. */
export interface ChangeFeed {
  /** Payloads of a channel from now on, until the signal fires. @throws WatchTooSlowError for a reader that is too far behind */
  watch(channel: string, signal: AbortSignal): Promise<AsyncIterable<string>>;
}

/** Changes that may wait for one reader. */
const MAX_WAITING = 1_000;

/** LISTEN on the database: one connection for all who watch, made again when it breaks. */
export function createChangeFeed(sql: Sql): ChangeFeed {
  return {
    async watch(channel, signal) {
      const waiting: string[] = [];
      let wake: () => void = () => {};
      let isLate = false;
      const take = (payload: string): void => {
        if (waiting.length >= MAX_WAITING) isLate = true;
        else if (waiting.at(-1) !== payload) waiting.push(payload);
        wake();
      };
      const { unlisten } = await sql.listen(channel, take);
      const stop = (): void => wake();
      signal.addEventListener("abort", stop, { once: true });
      return (async function* () {
        try {
          while (!signal.aborted) {
            if (isLate) throw new WatchTooSlowError();
            const payload = waiting.shift();
            if (payload !== undefined) yield payload;
            else
              await new Promise<void>((resolve) => {
                wake = resolve;
              });
          }
        } finally {
          signal.removeEventListener("abort", stop);
          await unlisten();
        }
      })();
    },
  };
}
