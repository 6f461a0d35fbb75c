import { createNameEraser, type NameEraser } from "@bellwether/contract/erasure/name-eraser";
import { isOrdinary } from "@bellwether/contract/erasure/ordinary-words";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { MAX_LONGER_NAMES, type NotSearched } from "../../domain/erasures/not-searched.ts";
import type { Db } from "../database.ts";

/** Number of suppliers that one statement reads. */
const SUPPLIERS = 5_000;

/** A supplier whose name is to be searched. */
export interface NamedSupplier {
  readonly number: number | null;
  readonly supplierId: string;
  readonly name: string;
}

/**
 * Returns the erasers of the names of suppliers that are the same company. A name that would be found in texts which do not mean the supplier
 * is not searched.
 */
export async function searchedNames(
  db: Db,
  suppliers: readonly NamedSupplier[],
): Promise<{ readonly erasers: readonly NameEraser[]; readonly notSearched: readonly NotSearched[] }> {
  const erasers: NameEraser[] = [];
  const notSearched: NotSearched[] = [];
  const numbers = suppliers.flatMap(({ number }) => number ?? []);
  for (const { supplierId, name } of suppliers.filter((one) => one.name !== "")) {
    const eraser = createNameEraser(name);
    const longer = eraser && !isOrdinary(name) ? await longerNames(db, eraser, numbers) : [];
    if (!eraser) notSearched.push({ supplierId, why: "short" });
    else if (isOrdinary(name)) notSearched.push({ supplierId, why: "ordinary" });
    else if (await isLabel(db, eraser)) notSearched.push({ supplierId, why: "label" });
    else if (longer.length > MAX_LONGER_NAMES) notSearched.push({ supplierId, why: "part" });
    else erasers.push(createNameEraser(name, longer) ?? eraser);
  }
  return { erasers, notSearched };
}

/** Whether a name is also a region or a category of suppliers. */
async function isLabel(db: Db, eraser: NameEraser): Promise<boolean> {
  const { rows } = await db.execute<{ value: string }>(
    sql`select value from bellwether.label where value ilike any(${sql.param([...eraser.likePatterns])}::text[])`,
  );
  return rows.some(({ value }) => eraser.isName(value));
}

/** Returns the names of other suppliers that have a name as a part, at most one more than MAX_LONGER_NAMES. */
async function longerNames(db: Db, eraser: NameEraser, except: readonly number[]): Promise<readonly string[]> {
  const longer = new Set<string>();
  for (let after = 0; longer.size <= MAX_LONGER_NAMES; ) {
    const { rows } = await db.execute<{ id: number; name: string }>(sql`
      select id, name from bellwether.supplier
      where id > ${after}::int and name ilike any(${sql.param([...eraser.likePatterns])}::text[])
        and id <> all(${sql.param([...except])}::int[])
      order by id limit ${SUPPLIERS}`);
    for (const { name } of rows) if (eraser.erase(name) !== name && !eraser.isName(name)) longer.add(name);
    if (rows.length < SUPPLIERS) break;
    after = rows.at(-1)?.id ?? after;
  }
  return [...longer].slice(0, MAX_LONGER_NAMES + 1);
}
