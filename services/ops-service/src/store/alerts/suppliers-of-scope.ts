import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { SetScope } from "../../domain/alerts/evaluate-rules.ts";

/** Returns SQL that selects the ids of the suppliers of a scope. */
export function suppliersOf({ appliesTo, except }: SetScope): SQL {
  const labelled = (column: SQL, values: readonly string[]): SQL =>
    values.length === 0 ? sql`true` : sql`coalesce(${column}, '') = any(${sql.param([...values])}::text[])`;
  const isOf = ({ regions, categories }: SetScope["appliesTo"]): SQL =>
    sql`(${labelled(sql`region.value`, regions)} and ${labelled(sql`category.value`, categories)})`;
  const others = except.map((one) => sql` and not ${isOf(one)}`);
  return sql`
    select member.id from bellwether.supplier member
    left join bellwether.label region on region.id = member.region_id
    left join bellwether.label category on category.id = member.category_id
    where ${isOf(appliesTo)}${sql.join(others, sql``)}`;
}
