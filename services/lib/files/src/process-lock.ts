import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StorageError, shortCause } from "./storage-error.ts";

/** Another process, or this one, holds the lock. */
export class ProcessLockedError extends Error {
  override readonly name = "ProcessLockedError" as const;
  /** Null when the holder has not named itself. */
  readonly pid: number | null;

  constructor(file: string, pid: number | null) {
    super(`${pid === null ? "another process" : `process ${pid}`} holds ${file}: wait for it or stop it`);
    this.pid = pid;
  }
}

const SQLITE_BUSY = 5;

/** A database that nobody refers to is closed by the garbage collector, and its lock would go with it. */
const held = new Set<DatabaseSync>();

/**
 * Makes its caller the only holder of `file` until it is disposed of or its process ends, however that ends: the lock is the operating
 * system's, on the empty `FILE.sqlite`, which stays. `file` itself only names the holder.
 * @throws ProcessLockedError while a living process, this one too, holds it
 * @throws StorageError when the folder is not there or cannot be written
 */
export async function takeProcessLock(file: string): Promise<AsyncDisposable> {
  const database = openLocked(`${file}.sqlite`);
  if (database === null) throw new ProcessLockedError(file, await holderOf(file));
  held.add(database);
  // Only for people: without them the lock holds all the same.
  await Promise.allSettled([shareLikeFolder(`${file}.sqlite`), nameHolder(file)]);
  return {
    async [Symbol.asyncDispose]() {
      if (!held.delete(database)) return;
      try {
        await rm(file, { force: true });
      } finally {
        database.close();
      }
    },
  };
}

/**
 * Nothing is ever written to the database, so that there is nothing to recover after a kill. IMMEDIATE and not EXCLUSIVE: of many at once
 * exactly one gets it, where EXCLUSIVE may refuse them all.
 * @returns null while somebody holds it
 */
function openLocked(file: string): DatabaseSync | null {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    database.exec("BEGIN IMMEDIATE");
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof Error && "errcode" in cause && cause.errcode === SQLITE_BUSY) return null;
    throw new StorageError(`${file} cannot be locked (${shortCause(cause)}): give this user the right to write it`, {
      cause,
    });
  }
}

/** Whoever may write the folder may take its lock. By path: opening and closing a file gives up all locks its process has on it. */
async function shareLikeFolder(file: string): Promise<void> {
  await chmod(file, (await stat(path.dirname(file))).mode & 0o666);
}

async function nameHolder(file: string): Promise<void> {
  await rm(file, { force: true });
  await writeFile(file, `${process.pid}\n`, { flag: "wx" });
}

async function holderOf(file: string): Promise<number | null> {
  return Number.parseInt(await readFile(file, "utf8").catch(() => ""), 10) || null;
}
