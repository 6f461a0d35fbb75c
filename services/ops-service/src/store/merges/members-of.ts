import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";

/**
 * Returns the SELECT of the numbers of suppliers and of all suppliers of the same merges.
 * @param numbers SELECT of numbers of suppliers, in parentheses
 */
export function membersOf(numbers: SQL): SQL {
  const active = (column: SQL) => sql`select ${column} from bellwether.supplier_merge m where m.undone_at is null`;
  return sql`
    with asked as (select * from ${numbers} a(id)),
      survivors as (select id from asked union ${active(sql`m.survivor_id`)} and m.merged_id in (select id from asked))
    select id from survivors union ${active(sql`m.merged_id`)} and m.survivor_id in (select id from survivors)`;
}
