import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { Db } from "../database.ts";
import { alert } from "../schema.ts";
import { type AlertView, BY_ID, selectAlerts } from "./alerts.ts";

/** A position in the sequence of changed alerts: the last alert that a reader has received. */
export interface AlertPosition {
  readonly sequence: number;
  /** Empty: the reader has received every alert of this change. */
  readonly alertId: string;
}

/** Returns the position of the newest change. 0: no alert was ever changed. */
export async function newestSequence(db: Db): Promise<number> {
  const { rows } = await db.execute<{ sequence: number }>(
    sql`select coalesce(max(sequence), 0)::float8 as sequence from bellwether.alert_transaction`,
  );
  return rows[0]?.sequence ?? 0;
}

/** Lists the alerts whose last change has this position. */
export function listChanged(db: Db, sequence: number, limit: number): Promise<AlertView[]> {
  const change = sql`(select t.change_id from bellwether.alert_transaction t where t.sequence = ${sequence})`;
  return selectAlerts(db, sql`${alert.changeId} = ${change}`, BY_ID, limit);
}

/** Lists the alerts whose last change is after a position, in the order of their changes. */
export async function listChangedAfter(
  db: Db,
  { sequence, alertId }: AlertPosition,
  limit: number,
): Promise<AlertView[]> {
  const after =
    alertId === ""
      ? sql`t.sequence > ${sequence}`
      : sql`(t.sequence, a.id) > (${sequence}::bigint, ${alertId}::uuid) and t.sequence >= ${sequence}`;
  // One statement, so that an alert is returned at the position by which it was selected.
  const ids = sql`
    select a.id from bellwether.alert_transaction t join bellwether.alert a on a.change_id = t.change_id
    where ${after} order by t.sequence, a.id limit ${limit}`;
  const views = await selectAlerts(db, sql`${alert.id} in (${ids})`, BY_ID, limit);
  return views.toSorted((a, b) => a.sequence - b.sequence || (a.alert.id < b.alert.id ? -1 : 1));
}
