import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { Db } from "../database.ts";

/** Returns the texts of regions and categories by id. Labels that do not exist are left out. */
export type LabelTexts = (ids: readonly number[]) => Promise<ReadonlyMap<number, string>>;

/** Number of labels that are kept in memory. */
const MAX_KEPT = 10_000;

/** Creates a function that reads labels and keeps them: the text of a label never changes. */
export function createLabelTexts(db: Db): LabelTexts {
  const kept = new Map<number, string>();
  return async (ids) => {
    const missing = [...new Set(ids)].filter((id) => !kept.has(id));
    const found = new Map<number, string>();
    if (missing.length > 0) {
      const { rows } = await db.execute<{ id: number; value: string }>(
        sql`select id, value from bellwether.label where id = any(${sql.param(missing)}::int[])`,
      );
      for (const { id, value } of rows) found.set(id, value);
    }
    for (const id of ids) {
      const text = kept.get(id);
      if (text !== undefined) found.set(id, text);
    }
    if (kept.size + missing.length > MAX_KEPT) kept.clear();
    for (const [id, text] of found) kept.set(id, text);
    return found;
  };
}
