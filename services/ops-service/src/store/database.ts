import { fileURLToPath } from "node:url";
import { migrateDatabase } from "@bellwether/storage/migrate";
import { openPostgres } from "@bellwether/storage/open-postgres";
import type { PgDatabase } from "drizzle-orm/pg-core";
import { drizzle, type PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";
import type { Sql } from "postgres";

/** drizzle on a connection pool or within a transaction. */
export type Db = PgDatabase<PostgresJsQueryResultHKT, Record<string, never>>;

/** The service's database. */
export interface Database {
  readonly db: Db;
  /** For COPY and LISTEN, which drizzle has not. */
  readonly sql: Sql;
  close(): Promise<void>;
}

const MIGRATIONS = fileURLToPath(new URL("../../migrations", import.meta.url));
const CLOSE_TIMEOUT_S = 5;

/** Opens the database and brings its tables up to date. @throws StorageError in one line */
export async function openDatabase(url: string): Promise<Database> {
  await migrateDatabase(url, MIGRATIONS);
  const sql = await openPostgres(url, { max: 10, applicationName: "ops-service" });
  return { db: drizzle(sql), sql, close: () => sql.end({ timeout: CLOSE_TIMEOUT_S }) };
}
