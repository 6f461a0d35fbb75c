import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { Db } from "../database.ts";

/**
 * Returns the highest id of history entries of alerts below which no further entry can appear. Ids are given before
 * the commit, so that an entry can become visible after one with a higher id. Every transaction that writes entries has
 * changed or locked an alert before, and so has a transaction id.
 */
export type ReadSettledAlerts = () => Promise<number>;

/** Creates the reader. A new id is settled when all transactions have ended that ran when it was seen first. */
export function createSettledAlerts(db: Db): ReadSettledAlerts {
  let settled = 0;
  let seen: { readonly id: number; readonly mark: string } | undefined;
  return async () => {
    // The sinks ask at the same time, so that `seen` can be another one after each query.
    const known = seen;
    if (known) {
      const { rows } = await db.execute<{ over: boolean }>(
        sql`select pg_snapshot_xmin(pg_current_snapshot()) > ${known.mark}::xid8 as over`,
      );
      if (!rows[0]?.over) return settled;
      settled = Math.max(settled, known.id);
      if (seen !== known) return settled;
      seen = undefined;
    }
    const { rows } = await db.execute<{ id: number }>(
      sql`select coalesce(max(id), 0)::float8 as id from bellwether.alert_event`,
    );
    const id = rows[0]?.id ?? 0;
    if (id <= settled) return settled;
    // This query gets its own transaction id, which is above the ids of all transactions that have one.
    const marked = await db.execute<{ mark: string }>(sql`select pg_current_xact_id()::text as mark`);
    seen ??= { id, mark: marked.rows[0]?.mark ?? "0" };
    return settled;
  };
}
