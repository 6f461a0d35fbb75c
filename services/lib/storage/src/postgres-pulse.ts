import { connectPostgres } from "./open-postgres.ts";
import { type PulseTimes, type StoreProbe, watchStore } from "./store-pulse.ts";

/** Watches whether a PostgreSQL server answers, as `watchStore` does. */
export function watchPostgres(url: string, changed: (answers: boolean) => void, times?: PulseTimes): AsyncDisposable {
  return watchStore(() => probePostgres(url), changed, times);
}

/** A connection that asks PostgreSQL whether it is there. */
export function probePostgres(url: string): StoreProbe {
  const pool = connectPostgres(url, { max: 1, applicationName: "bellwether-pulse" });
  return {
    ask: () => pool.query("select 1"),
    close: () => pool.close(),
  };
}
