import { StorageError, shortCause } from "@bellwether/files/storage-error";
import { openPostgres } from "../pool/open-postgres.ts";
import type { PostgresPool } from "../pool/postgres-pool.ts";
import { drizzle, migrate } from "./drizzle.ts";

/**
 * Key of an advisory lock, an arbitrary number that is the same in all processes. The process that migrates
 * holds it, the others wait.
 */
const MIGRATION_LOCK = 724_001;

export interface MigrateOptions {
  /** Extensions of PostgreSQL that the tables use. They are created when the database does not have them. */
  readonly extensions?: readonly string[];
}

/**
 * Applies a folder of drizzle migrations to a database. Services that start at the same time wait for each
 * other.
 * @throws StorageError when the database does not answer, or its role may not create an extension
 */
export async function migrateDatabase(
  url: string,
  migrationsFolder: string,
  { extensions = [] }: MigrateOptions = {},
): Promise<void> {
  const pool = await openPostgres(url, { max: 1, applicationName: "bellwether-migrate" });
  try {
    // The pool has one connection, so the connection that holds the lock also migrates.
    await pool.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    for (const extension of extensions) await createExtension(pool, extension);
    await migrate(drizzle(pool), { migrationsFolder, migrationsSchema: "bellwether" });
  } finally {
    await pool.close();
  }
}

async function createExtension(pool: PostgresPool, extension: string): Promise<void> {
  const { rows } = await pool.query<{ database: string; role: string; isThere: boolean }>(
    `select current_database() as database, current_user as role,
       exists (select from pg_extension where extname = $1) as "isThere"`,
    [extension],
  );
  const [where] = rows;
  if (!where || where.isThere) return;
  const statement = `create extension if not exists ${extension}`;
  try {
    await pool.query(statement);
  } catch (cause) {
    throw new StorageError(
      `the database "${where.database}" has no extension ${extension}, and the role "${where.role}" cannot create it: ${shortCause(cause)}. Run "${statement}" there as a role that can, then start again`,
      { cause },
    );
  }
}
