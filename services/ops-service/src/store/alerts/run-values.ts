import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { Alert } from "../../domain/alerts/alert.ts";
import { takeValues } from "../../domain/alerts/decide-alert.ts";
import type { Db, Store } from "../database.ts";
import { alertFromColumns } from "./alert-columns.ts";
import { deleteValues, recordChanges } from "./alert-run-changes.ts";
import {
  type AlertWriter,
  type AlertWriterOptions,
  columnsOfRun,
  createAlertWriter,
  inParts,
  severitySql,
} from "./alert-writer.ts";

/**
 * Number of alerts whose values one transaction writes. A person who decides on one of them waits for some milliseconds,
 * and a watch receives all of them in one message.
 */
const ALERTS_PER_PART = 200;
/** Number of parts in one statement. */
const PARTS_PER_STATEMENT = 25;
/** Number of parts that are looked up at a time. */
const PARTS_READ = 100;

/**
 * Stores the values that a run has for alerts, in parts, in the transaction that completes the run.
 * @param seen returns an alert as the rules have read it
 */
export async function storeRunValues(
  db: Db,
  runId: number,
  alerts: readonly Alert[],
  seen: (id: string) => Alert | undefined,
): Promise<void> {
  const columns = columnsOfRun();
  const inOrder = alerts.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const parts = [...inParts(inOrder, ALERTS_PER_PART)].map((some) =>
    JSON.stringify(
      some.map((alert) => ({
        ...{ id: alert.id, seen_version: alert.version, seen_run_id: seen(alert.id)?.lastRunId ?? alert.lastRunId },
        ...Object.fromEntries(columns.map(({ key, text }) => [text, Reflect.get(alert, key)])),
      })),
    ),
  );
  for (const some of inParts(parts, PARTS_PER_STATEMENT))
    await db.execute(sql`
      insert into bellwether.alert_values_pending (run_id, values)
      select ${runId}::int, p.values::jsonb from unnest(${sql.param([...some])}::text[]) with ordinality p(values, place)
      order by p.place`);
}

/**
 * Writes all stored values of runs to their alerts, also those of other processes, each part in a transaction of its own.
 * A part of a killed process is whole, or not written and still stored. Returns the number of parts.
 */
export async function writeRunValues({ db, inTransaction }: Store, options: AlertWriterOptions): Promise<number> {
  for (let written = 0; ; ) {
    const ids = await readParts(db);
    if (ids.length === 0) return written;
    for (const id of ids)
      await inTransaction(async (tx) => {
        const writer = createAlertWriter(tx.db, options);
        await writePart(tx.db, writer, id, options.now());
        await writer.finish();
      });
    written += ids.length;
  }
}

/** Does the same in the transaction of `db`, for one model. Waits for processes that write a part of it. */
export async function applyPending(db: Db, writer: AlertWriter, modelName: string, now: Date): Promise<void> {
  for (;;) {
    const ids = await readParts(db, modelName);
    if (ids.length === 0) return;
    for (const id of ids) await writePart(db, writer, id, now);
  }
}

/** Returns the ids of the oldest parts. @param modelName left out: of all models */
async function readParts(db: Db, modelName?: string): Promise<readonly number[]> {
  const ofModel = modelName === undefined ? sql`true` : sql`r.model_name = ${modelName}`;
  const { rows } = await db.execute<{ id: number }>(sql`
    select p.id::float8 as id from bellwether.alert_values_pending p join bellwether.run r on r.id = p.run_id
    where ${ofModel} order by p.id limit ${PARTS_READ}::int`);
  return rows.map(({ id }) => id);
}

const list = (parts: readonly SQL[]): SQL => sql.join([...parts], sql`, `);

interface LeftRow extends Record<string, unknown> {
  readonly runId: number;
  /** The columns that every run updates. */
  readonly values: Readonly<Record<string, unknown>> & { readonly id: string; readonly seen_run_id: number };
}

/** Writes one part and removes it. Does nothing if another transaction has done so. */
async function writePart(db: Db, writer: AlertWriter, partId: number, now: Date): Promise<void> {
  const columns = columnsOfRun();
  const sets = columns.map(({ key, name }) =>
    key === "severity" ? sql`severity = ${severitySql(sql`v.rule_severity`)}` : sql`${name} = v.${name}`,
  );
  // The lock on the run keeps it from being voided before the values are written. An alert that somebody has changed
  // since the rules read it is not written here.
  const { rows } = await db.execute<LeftRow>(sql`
    with of_run as materialized (
      select r.id, r.state from bellwether.run r join bellwether.alert_values_pending p on p.run_id = r.id
      where p.id = ${partId} for share of r
    ), part as (
      delete from bellwether.alert_values_pending p using of_run r where p.id = ${partId} and p.run_id = r.id
      returning p.run_id, p.values, r.state
    ), v as materialized (
      select part.run_id, one.* from part, jsonb_to_recordset(part.values) as one(
        id uuid, seen_version bigint, seen_run_id int, ${list(columns.map(({ name, type }) => sql`${name} ${type}`))}
      ) where part.state = 'complete'
    ), written as (
      update bellwether.alert a set ${list(sets)}, change_id = ${await writer.changeId()}::bigint from v
      where a.id = v.id and a.version = v.seen_version and a.last_run_id = v.seen_run_id and a.state <> 'resolved'
      returning a.id
    )
    select v.run_id as "runId", to_jsonb(v) as values from v where v.id not in (select id from written) order by v.id`);
  if (rows.length > 0) await writeChanged(db, writer, rows, now);
}

/** Gives values to alerts that persons have changed since the rules read them. */
async function writeChanged(db: Db, writer: AlertWriter, left: readonly LeftRow[], now: Date): Promise<void> {
  const ids = left.map(({ values }) => values.id);
  const { rows } = await db.execute(sql`
    select * from bellwether.alert where id = any(${sql.param(ids)}::uuid[]) order by id for no key update`);
  const found = new Map(rows.map((row) => [row.id, row]));
  for (const { runId, values } of left) {
    const row = found.get(values.id) ?? {};
    const decided = alertFromColumns({ ...row, ...values });
    const change = takeValues(alertFromColumns(row), { decided, seenRunId: values.seen_run_id }, now);
    if (!change) continue;
    const events = change.events.map((event) => ({ ...event, runId }));
    await writer.save([{ ...change, events }]);
    if (events.length === 0) continue;
    await deleteValues(db, runId, [values.id]);
    await recordChanges(db, runId, [change]);
  }
}
