import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { migrateDatabase } from "@bellwether/postgres/drizzle/migrate";

const MIGRATIONS = path.resolve(import.meta.dirname, "../migrations");

/** Creates the tables of an earlier version in a database: those after the migration `last`. */
export async function migratedUpTo(url: string, last: string): Promise<void> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "migrations-"));
  try {
    await cp(MIGRATIONS, dir, { recursive: true });
    const journal = path.join(dir, "meta/_journal.json");
    const known: { entries: { tag: string }[] } = JSON.parse(await readFile(journal, "utf8"));
    const end = known.entries.findIndex(({ tag }) => tag === last) + 1;
    await writeFile(journal, JSON.stringify({ ...known, entries: known.entries.slice(0, end) }));
    await migrateDatabase(url, dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
