import { getTableColumns, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { getTableConfig, type PgTable } from "drizzle-orm/pg-core";
import type { Db } from "./database.ts";

/** Maximum number of rows in one statement. */
const ROWS_PER_STATEMENT = 10_000;

/**
 * Inserts rows in their order. All rows of a statement are one parameter, because one per value costs several times
 * more. A column that a row does not have is null; a column that the database generates is left out.
 */
export async function insertRows<Table extends PgTable>(
  db: Db,
  table: Table,
  rows: readonly Table["$inferInsert"][],
): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT)
    await db.execute(insertingSql(table, rows.slice(at, at + ROWS_PER_STATEMENT)));
}

/** Returns the statement of `insertRows`, to which a condition can be added: `… where …`. */
export function insertingSql<Table extends PgTable>(table: Table, rows: readonly Table["$inferInsert"][]): SQL {
  const columns = Object.entries(getTableColumns(table)).filter(([, { generatedIdentity }]) => !generatedIdentity);
  const { schema = "public", name } = getTableConfig(table);
  const whole = sql`${sql.identifier(schema)}.${sql.identifier(name)}`;
  const names = columns.map(([, column]) => sql.identifier(column.name));
  const targets = sql.join(names, sql`, `);
  const values = sql.join(
    names.map((column) => sql`v.${column}`),
    sql`, `,
  );
  const json = JSON.stringify(
    rows.map((row) => Object.fromEntries(columns.map(([key, column]) => [column.name, Reflect.get(row, key)]))),
  );
  return sql`insert into ${whole} (${targets}) select ${values} from jsonb_populate_recordset(null::${whole}, ${json}::text::jsonb) v`;
}
