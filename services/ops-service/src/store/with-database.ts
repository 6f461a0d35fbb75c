import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import { connectPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { Db } from "./database.ts";
import { translateDatabaseError } from "./database-error.ts";

const CLOSE_MS = 1_000;

/** The database connections of a thread. */
export interface ThreadConnections {
  readonly databaseUrl: string;
  /** Name of the thread in PostgreSQL. */
  readonly applicationName: string;
  readonly max: number;
  readonly statementTimeoutMs: number;
}

/** Does work with database connections of its own, and closes them. @throws errors of the database by their class, and those of `work` */
export async function withDatabase<Result>(
  { databaseUrl, ...options }: ThreadConnections,
  work: (db: Db) => Promise<Result>,
): Promise<Result> {
  const pool = connectPostgres(databaseUrl, options);
  try {
    return await work(drizzle(pool));
  } catch (error) {
    throw translateDatabaseError(error, () => {});
  } finally {
    await pool.close(CLOSE_MS);
  }
}
