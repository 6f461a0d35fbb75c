import { getTableColumns, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { Alert, AlertChange } from "../domain/alert.ts";
import { ALERT_CHANNEL } from "./channels.ts";
import type { Db } from "./database.ts";
import { alert, alertEvent } from "./schema.ts";

/** Writes changes of alerts in one transaction. */
export interface AlertWriter {
  /** Writes alerts with their history entries. An alert without an entry keeps its position in lists. */
  save(changes: readonly AlertChange[]): Promise<void>;
  /**
   * Gives the transaction its place in the sequence of changes, and notifies the watches. Call it last: it takes
   * a lock that every other writer needs. Without a change it does nothing.
   */
  finish(): Promise<void>;
}

/** Maximum number of alerts in one statement. */
const ROWS_PER_STATEMENT = 1_000;
/** PostgreSQL accepts 65,535 parameters per statement; an entry has twelve. */
const EVENTS_PER_STATEMENT = 1_000;
/** Key of the advisory lock under which transactions number themselves until their commit. */
const SEQUENCE_LOCK = 0x616c7274;

/** The columns that every run updates, also those of an alert without a history entry. */
const OF_RUN = [
  ...(["severity", "ruleSeverity", "riskScore", "band", "expectedImpact", "scoreChange", "trend"] as const),
  ...(["signals", "lastRunId", "summary"] as const),
] satisfies (keyof Alert)[];

/** The columns that never change after an alert was raised. */
const FIXED: ReadonlySet<string> = new Set(["id", "supplierId", "modelName", "ruleId", "dimension"]);

/** Creates the writer of the transaction of `db`. */
export function createAlertWriter(db: Db): AlertWriter {
  let changeId: number | undefined;
  const ownChangeId = async (): Promise<number> => {
    const { rows } = await db.execute<{ id: number }>(sql`select nextval('bellwether.alert_change')::float8 as id`);
    return rows[0]?.id ?? 0;
  };
  return {
    async save(changes) {
      if (changes.length === 0) return;
      changeId ??= await ownChangeId();
      const id = changeId;
      const write = (table: "insert" | "update", keys: readonly string[], some: readonly AlertChange[]) =>
        writeRows(
          db,
          table,
          keys,
          some.map((change) => ({ ...change.alert, changeId: id })),
        );
      // Rows are written in the order of their ids, as they are locked.
      const sorted = changes.toSorted((a, b) => (a.alert.id < b.alert.id ? -1 : 1));
      const known = sorted.filter(({ isNew }) => !isNew);
      const all = Object.keys(getTableColumns(alert));
      // New alerts first: known ones can name them as their replacement.
      await write(
        "insert",
        all,
        sorted.filter(({ isNew }) => isNew),
      );
      await write(
        "update",
        [...OF_RUN, "changeId"],
        known.filter(({ events }) => events.length === 0),
      );
      await write(
        "update",
        all.filter((key) => !FIXED.has(key)),
        known.filter(({ events }) => events.length > 0),
      );
      const events = sorted.flatMap((change) => change.events);
      for (let at = 0; at < events.length; at += EVENTS_PER_STATEMENT)
        await db.insert(alertEvent).values(events.slice(at, at + EVENTS_PER_STATEMENT));
    },
    async finish() {
      if (changeId === undefined) return;
      await db.execute(sql`select pg_advisory_xact_lock(${SEQUENCE_LOCK}::int, 0)`);
      await db.execute(sql`
        with numbered as (insert into bellwether.alert_transaction (change_id) values (${changeId}) returning sequence)
        select pg_notify(${ALERT_CHANNEL}, sequence::text) from numbered`);
    },
  };
}

/** Writes the columns of some alerts, as one JSON parameter: a parameter per value would cost several times more. */
async function writeRows(
  db: Db,
  verb: "insert" | "update",
  keys: readonly string[],
  rows: readonly (Alert & { readonly changeId: number })[],
): Promise<void> {
  const columns = Object.entries(getTableColumns(alert)).filter(([key]) => keys.includes(key) || key === "id");
  const names = columns.map(([, { name }]) => sql.identifier(name));
  for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
    const json = JSON.stringify(
      rows
        .slice(at, at + ROWS_PER_STATEMENT)
        .map((row) => Object.fromEntries(columns.map(([key, { name }]) => [name, Reflect.get(row, key)]))),
    );
    const values = sql`jsonb_populate_recordset(null::bellwether.alert, ${json}::text::jsonb) v`;
    if (verb === "insert") {
      const list = (of: readonly SQL[]) => sql.join([...of], sql`, `);
      const bare = list(names.map((name) => sql`${name}`));
      await db.execute(
        sql`insert into bellwether.alert (${bare}) select ${list(names.map((name) => sql`v.${name}`))} from ${values}`,
      );
    } else {
      const sets = names.slice(1).map((name) => sql`${name} = v.${name}`);
      await db.execute(sql`update bellwether.alert a set ${sql.join(sets, sql`, `)} from ${values} where a.id = v.id`);
    }
  }
}
