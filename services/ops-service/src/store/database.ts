import { fileURLToPath } from "node:url";
import { drizzle } from "@bellwether/storage/drizzle";
import { migrateDatabase } from "@bellwether/storage/migrate";
import { openPostgres } from "@bellwether/storage/open-postgres";
import type { PgDatabase } from "drizzle-orm/pg-core";
import type { PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";
import type { Sql } from "postgres";

/** drizzle on a connection pool or within a transaction. */
export type Db = PgDatabase<PostgresJsQueryResultHKT, Record<string, never>>;

/** Connections of one purpose. */
interface Pool {
  readonly db: Db;
  /** For COPY and LISTEN, which drizzle has not. */
  readonly sql: Sql;
}

/** The service's database. */
export interface Database extends Pool {
  /** For what a weekly run writes, which may take long. */
  readonly runs: Pool;
  close(): Promise<void>;
}

const MIGRATIONS = fileURLToPath(new URL("../../migrations", import.meta.url));
const CLOSE_TIMEOUT_S = 5;
/** Default deadlines of calls are 2 s, and their queries take milliseconds. */
const STATEMENT_TIMEOUT_MS = 5_000;
/** Publishing 1,000,000 scores takes a second or two a statement; submitting a chunk has a deadline of 60 s, completing a run one of 600 s. */
const RUN_STATEMENT_TIMEOUT_MS = 120_000;
const MAX_RUN_CONNECTIONS = 4;

/** Opens the database and brings its tables up to date. @throws StorageError in one line */
export async function openDatabase(url: string): Promise<Database> {
  await migrateDatabase(url, MIGRATIONS);
  const sql = await openPostgres(url, { applicationName: "ops-service", statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  const runs = await openPostgres(url, {
    max: MAX_RUN_CONNECTIONS,
    applicationName: "ops-service-runs",
    statementTimeoutMs: RUN_STATEMENT_TIMEOUT_MS,
  });
  return {
    ...poolOf(sql),
    runs: poolOf(runs),
    async close() {
      await Promise.all([sql, runs].map((pool) => pool.end({ timeout: CLOSE_TIMEOUT_S })));
    },
  };
}

function poolOf(sql: Sql): Pool {
  return { db: drizzle(sql), sql };
}
