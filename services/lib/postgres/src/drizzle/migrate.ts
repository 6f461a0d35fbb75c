import { openPostgres } from "../pool/open-postgres.ts";
import { drizzle, migrate } from "./drizzle.ts";

/**
 * Key of an advisory lock, an arbitrary number that is the same in all processes. The process that migrates
 * holds it, the others wait.
 */
const MIGRATION_LOCK = 724_001;

/**
 * Applies a folder of drizzle migrations to a database. Services that start at the same time wait for each
 * other.
 * @throws StorageError when the database does not answer
 */
export async function migrateDatabase(url: string, migrationsFolder: string): Promise<void> {
  const pool = await openPostgres(url, { max: 1, applicationName: "bellwether-migrate" });
  try {
    // The pool has one connection, so the connection that holds the lock also migrates.
    await pool.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await migrate(drizzle(pool), { migrationsFolder, migrationsSchema: "bellwether" });
  } finally {
    await pool.close();
  }
}
