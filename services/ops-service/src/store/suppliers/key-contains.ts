import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";

/** Returns the SQL of whether the name or the id of the search keys `k` contains a search key. */
export function keyContains(key: string): SQL {
  // By the stored keys, which need no conversion: "ilike" takes several times longer.
  const pattern = `%${escapeLike(key)}%`;
  return sql`(k.name_key like ${pattern} or k.id_key like ${pattern})`;
}

/** Returns the LIKE pattern that matches only a text itself. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

/** Three letters or digits in a row: the indexes of names and ids find no shorter part of a text. */
export const INDEXED = /[\p{L}\p{N}]{3}/u;
