import { eraseFromReport } from "@bellwether/contract/erasure/erase-from-report";
import type { NameEraser } from "@bellwether/contract/erasure/name-eraser";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { eraseInJson } from "../../domain/erasures/erase-in-json.ts";
import type { Db } from "../database.ts";
import { REPORT_TEXTS } from "./named-places.ts";

/**
 * Erases the texts about suppliers in the reports of weeks, and replaces their names in the other texts of reports. Reports are read one by
 * one: a report has some hundred kilobytes. Returns the number of changed ones.
 */
export async function eraseReports(
  db: Db,
  supplierIds: readonly string[],
  erasers: readonly NameEraser[],
): Promise<number> {
  const ids = supplierIds.map((id) => JSON.stringify(id).slice(1, -1));
  const patterns = erasers.flatMap(({ likePatterns }) => likePatterns);
  const { rows: found } = await db.execute<{ id: number }>(sql`
    select run_id as id from bellwether.run_report
    where exists (select from unnest(${sql.param(ids)}::text[]) t where strpos(report, t) > 0)
      or report ilike any(${sql.param(patterns)}::text[]) order by run_id`);
  let changed = 0;
  for (const { id } of found) {
    const { rows } = await db.execute<{ report: string }>(
      sql`select report from bellwether.run_report where run_id = ${id} for update`,
    );
    const before = rows[0]?.report ?? "{}";
    const report = erasedReport(before, supplierIds, erasers);
    if (report === before) continue;
    await db.execute(sql`update bellwether.run_report set report = ${report} where run_id = ${id}`);
    changed++;
  }
  return changed;
}

/** Returns a report without the texts about these suppliers, and without their names. The same report: it has neither. */
function erasedReport(json: string, supplierIds: readonly string[], erasers: readonly NameEraser[]): string {
  const own = supplierIds.reduce((text, id) => eraseFromReport(text, id, erasers) ?? text, json);
  const report: unknown = JSON.parse(own);
  const erased = erasers.reduce((value, eraser) => eraseInJson(value, REPORT_TEXTS, eraser), report);
  return erased === report ? own : JSON.stringify(erased);
}
