import { pipeline } from "node:stream/promises";
import type { Sql, TransactionSql } from "postgres";

/**
 * Runs a `copy … from stdin` with the rows in its format. @throws PostgresError when the server refuses them
 */
export async function copyRows(sql: Sql | TransactionSql, statement: string, rows: Uint8Array): Promise<void> {
  const query = sql.unsafe(statement);
  const target = await query.writable();
  // postgres.js tells nobody of a COPY that fails after its last byte (porsager/postgres#1173): the caller would wait for ever,
  // its transaction open.
  Reflect.set(query, "reject", (error: Error) => target.destroy(error));
  await pipeline([rows], target);
}
