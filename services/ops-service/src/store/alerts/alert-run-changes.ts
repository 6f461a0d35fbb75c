import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { type Alert, type AlertChange, isActive } from "../../domain/alerts/alert.ts";
import type { RunChange } from "../../domain/alerts/undo-run-change.ts";
import type { Db } from "../database.ts";
import { insertRows } from "../insert-rows.ts";
import { alertRunChange } from "../schema.ts";
import { alertFromColumns, alertFromJson } from "./alert-columns.ts";
import { valuesSql } from "./alert-writer.ts";

/** Number of the newest complete runs of a model whose changes of values are kept. */
const RUNS_WITH_VALUES = 4;

/** Records what alerts were before a run changed more than their values, and what they are after it. */
export async function recordChanges(db: Db, runId: number, changes: readonly AlertChange[]): Promise<void> {
  const rows = changes.flatMap(({ alert, before, isNew, events, isWhole }) => {
    if (before === undefined || !(isNew || isWhole || events.length > 0)) return [];
    // Withdrawing the run would change nothing.
    if (before === null && !isActive(alert)) return [];
    return [{ runId, alertId: alert.id, before: before && { ...before }, after: { ...alert }, values: null }];
  });
  await insertRows(db, alertRunChange, rows);
}

/** Records the values that a run is about to replace. Those of older runs are deleted. */
export async function recordValues(db: Db, runId: number, alerts: readonly Alert[]): Promise<void> {
  await db.execute(sql`
    delete from bellwether.alert_run_change c using bellwether.run r, bellwether.run here
    where here.id = ${runId}::int and r.model_name = here.model_name and c.run_id = r.id and c.values is not null
      and r.id <> here.id and r.id not in (
        select k.id from bellwether.run k where k.model_name = here.model_name and k.state = 'complete'
        order by k.iso_week desc limit ${RUNS_WITH_VALUES}::int
      )`);
  const ids = sql.param(alerts.map(({ id }) => id));
  await db.execute(sql`
    insert into bellwether.alert_run_change (run_id, alert_id, values)
    select ${runId}::int, a.id, ${valuesSql()} from bellwether.alert a where a.id = any(${ids}::uuid[])`);
}

/** Deletes the recorded values of alerts to which a run does not write them. */
export async function deleteValues(db: Db, runId: number, alertIds: readonly string[]): Promise<void> {
  await db.execute(sql`
    delete from bellwether.alert_run_change
    where run_id = ${runId}::int and values is not null and alert_id = any(${sql.param([...alertIds])}::uuid[])`);
}

/** Locks alerts of which a run changed more than values, in the order of their ids, and returns the changes. */
export async function lockChanges(
  db: Db,
  runId: number,
  { after, limit }: { readonly after: string; readonly limit: number | null },
): Promise<readonly RunChange[]> {
  const { rows } = await db.execute(sql`
    select a.*, c.before as "runBefore", c.after as "runAfter"
    from bellwether.alert_run_change c join bellwether.alert a on a.id = c.alert_id
    where c.run_id = ${runId}::int and c.after is not null and ${after === "" ? sql`true` : sql`c.alert_id > ${after}::uuid`}
    order by c.alert_id limit ${limit}::int for no key update of a`);
  return rows.map(({ runBefore, runAfter, ...row }) => ({
    before: isJson(runBefore) ? alertFromJson(runBefore) : null,
    after: alertFromJson(isJson(runAfter) ? runAfter : {}),
    current: alertFromColumns(row),
  }));
}

const isJson = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** Deletes the records of what a run changed. */
export async function forgetChanges(db: Db, runId: number): Promise<void> {
  await db.execute(sql`delete from bellwether.alert_run_change where run_id = ${runId}::int`);
}
