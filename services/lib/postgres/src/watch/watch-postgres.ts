import type { ClientBase } from "pg";
import { connectPostgres } from "../pool/open-postgres.ts";
import { type StoreProbe, StoreReadOnlyError, type WatchTimes, watchStore } from "./watch-store.ts";

/** Query that returns true on a standby, or on a server or database whose transactions are read-only. */
const READ_ONLY = "select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as read_only";

/** Watches whether a PostgreSQL server answers and accepts writes; reports as `watchStore` does. */
export function watchPostgres(
  url: string,
  changed: (usable: boolean, reason: string) => void,
  times?: WatchTimes,
): AsyncDisposable {
  return watchStore(() => probePostgres(url), changed, times);
}

/** @throws StoreReadOnlyError when the server rejects writes from this connection */
export async function assertWritable(connection: Pick<ClientBase, "query">): Promise<void> {
  const { rows } = await connection.query<{ readonly read_only: boolean }>(READ_ONLY);
  if (rows[0]?.read_only) throw new StoreReadOnlyError("is read-only (a standby, or set to read-only transactions)");
}

/** Returns a connection that checks whether PostgreSQL answers and accepts writes. */
export function probePostgres(url: string): StoreProbe {
  const pool = connectPostgres(url, { max: 1, applicationName: "bellwether-pulse" });
  return {
    ask: () => assertWritable(pool),
    close: () => pool.close(),
  };
}
