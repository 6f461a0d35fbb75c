import { openPostgres } from "../pool/open-postgres.ts";
import { drizzle, migrate } from "./drizzle.ts";

/** Any number that all processes agree on: held by the one that migrates, waited for by the others. */
const MIGRATION_LOCK = 724_001;

/**
 * Brings a database to the state of a folder of drizzle migrations. Services that start together wait for each other.
 * @throws StorageError when the database cannot be reached
 */
export async function migrateDatabase(url: string, migrationsFolder: string): Promise<void> {
  const pool = await openPostgres(url, { max: 1, applicationName: "bellwether-migrate" });
  try {
    // The pool has one connection: the lock is held by the one that migrates.
    await pool.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await migrate(drizzle(pool), { migrationsFolder, migrationsSchema: "bellwether" });
  } finally {
    await pool.close();
  }
}
