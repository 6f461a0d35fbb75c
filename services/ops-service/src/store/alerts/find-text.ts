import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { searchKey } from "../../domain/suppliers/search-key.ts";
import type { Db } from "../database.ts";
import { alert } from "../schema.ts";
import { INDEXED, keyContains } from "../suppliers/key-contains.ts";
import { type AlertFilter, areActive, scopeConditions } from "./alert-conditions.ts";

/** Maximum number of suppliers that replace a text. */
const MAX_SUPPLIERS = 500;
/** Maximum number of alerts that are looked up for a text of many suppliers. */
const MAX_ALERTS = 1_000;

type WithoutText<Filter> = Omit<Filter, "text"> & Pick<AlertFilter, "supplierIds">;

/**
 * Replaces the text of a filter by the ids of the suppliers that it finds, so that a list and its counts do not search
 * for it again each. The filter is returned unchanged if it has no text, or if the text finds more than 500 suppliers
 * and more than 1,000 active or decided alerts, or other alerts are listed.
 */
export async function findText<Filter extends AlertFilter>(
  db: Db,
  filter: Filter,
): Promise<Filter | WithoutText<Filter>> {
  const { text, ...others } = filter;
  if (text === undefined) return filter;
  const supplierIds =
    (await findSuppliers(db, searchKey(text), others.supplierIds)) ?? (await findOfAlerts(db, filter));
  return supplierIds === undefined ? filter : { ...others, supplierIds };
}

/**
 * Returns the suppliers whose name or id contains a key. Undefined: there are too many, or no index finds them.
 * @param within the suppliers among which they are. Undefined: all
 */
async function findSuppliers(
  db: Db,
  key: string,
  within: readonly number[] | undefined,
): Promise<readonly number[] | undefined> {
  if (!INDEXED.test(key)) return undefined;
  const { rows } = await db.execute<{ supplier: number }>(sql`
    select k.supplier_id as supplier from bellwether.supplier_search k where ${keyContains(key)}
    limit ${MAX_SUPPLIERS + 1}::int`);
  if (rows.length > MAX_SUPPLIERS) return undefined;
  const found = rows.map(({ supplier }) => supplier);
  return within ? [...new Set(found).intersection(new Set(within))] : found;
}

/** Returns the suppliers of the active and decided alerts that meet the conditions. Undefined: see `findText`. */
async function findOfAlerts(db: Db, filter: AlertFilter): Promise<readonly number[] | undefined> {
  const { states, isDecided } = filter;
  if (!(isDecided || (states && areActive(states)))) return undefined;
  const { rows } = await db.execute<{ supplier: number }>(sql`
    select ${alert.supplierId} as supplier from ${alert}
    where (${alert.state} <> 'resolved' or ${alert.resolvedBy} <> '') and ${scopeConditions(filter) ?? sql`true`}
    limit ${MAX_ALERTS + 1}::int`);
  return rows.length > MAX_ALERTS ? undefined : [...new Set(rows.map(({ supplier }) => supplier))];
}
