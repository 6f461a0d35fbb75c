import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { Db } from "../database.ts";

/** Members of an item of a notice that are texts about its supplier. */
const NO_TEXTS = JSON.stringify({ supplierName: "", reasons: [] });

/**
 * Erases the texts about a supplier in the notices of the database: in those that were sent, and in those that wait, which are then sent
 * without them. Returns the number of notices and waiting items.
 */
export async function eraseNotices(db: Db, supplierId: string): Promise<number> {
  const item = JSON.stringify({ supplierId });
  const hasTexts = (one: SQL): SQL => sql`(${one}->>'supplierName' <> '' or ${one}->'reasons' <> '[]'::jsonb)`;
  const { rowCount: notices } = await db.execute(sql`
    update bellwether.notice n set items = (
      select jsonb_agg(case when i.item @> ${item}::jsonb then i.item || ${NO_TEXTS}::jsonb else i.item end order by i.place)
      from jsonb_array_elements(n.items) with ordinality as i(item, place))
    where n.items @> ${`[${item}]`}::jsonb
      and exists (select from jsonb_array_elements(n.items) i where i @> ${item}::jsonb and ${hasTexts(sql`i`)})`);
  const { rowCount: waiting } = await db.execute(sql`
    update bellwether.notice_item set item = item || ${NO_TEXTS}::jsonb
    where item @> ${item}::jsonb and ${hasTexts(sql`item`)}`);
  return (notices ?? 0) + (waiting ?? 0);
}

/** Erases the notes of the outcomes of a supplier. Returns their number. @param supplier number. Null: the supplier is not known */
export async function eraseOutcomeNotes(db: Db, supplier: number | null): Promise<number> {
  const { rowCount } = await db.execute(
    sql`update bellwether.outcome set note = '' where note <> '' and supplier_id = ${supplier}::int`,
  );
  return rowCount ?? 0;
}

/**
 * Erases the reasons of overrides of alerts, also where a history entry or a run keeps an alert as it was before. Returns the number of
 * places. @param alerts SELECT of the ids of the alerts
 */
export async function eraseOverrideReasons(db: Db, alerts: SQL): Promise<number> {
  const places = [
    ["alert", "override", "id"],
    ["alert_event", "before", "alert_id"],
    ["alert_run_change", "before", "alert_id"],
    ["alert_run_change", "after", "alert_id"],
  ] as const;
  let erased = 0;
  for (const [table, column, key] of places) {
    const whole = sql`${sql.identifier(column)}`;
    const path = column === "override" ? sql`'{reason}'::text[]` : sql`'{override,reason}'::text[]`;
    const { rowCount } = await db.execute(sql`
      update bellwether.${sql.identifier(table)} set ${whole} = jsonb_set(${whole}, ${path}, '""')
      where ${sql.identifier(key)} in ${alerts} and coalesce(${whole} #>> ${path}, '') <> ''`);
    erased += rowCount ?? 0;
  }
  return erased;
}
