import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StorageError, shortCause } from "./storage-error.ts";

/** Another process, or this one, holds the lock. */
export class ProcessLockedError extends Error {
  override readonly name = "ProcessLockedError" as const;
  /** Process id of the holder; null when it is not known. */
  readonly pid: number | null;

  constructor(file: string, pid: number | null) {
    super(`${pid === null ? "another process" : `process ${pid}`} holds ${file}: wait for it or stop it`);
    this.pid = pid;
  }
}

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

/**
 * Open lock databases. They must stay referenced: the garbage collector would close an unreferenced one and
 * release its lock.
 */
const held = new Set<DatabaseSync>();

/**
 * Makes the caller the only holder of `file` until the lock is disposed of or the process ends, in whatever
 * way. The lock is an operating system lock on the empty file `FILE.sqlite`, which is never deleted. `file`
 * itself only contains the holder's process id.
 * @throws ProcessLockedError while a living process, this one too, holds the lock
 * @throws StorageError when the folder does not exist or cannot be written
 */
export async function takeProcessLock(file: string): Promise<AsyncDisposable> {
  const database = openLocked(`${file}.sqlite`);
  if (database === null) throw new ProcessLockedError(file, await holderOf(file));
  held.add(database);
  // The process id in the file is only information for people: the lock holds without it.
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
 * Nothing is ever written to the database, so there is nothing to recover after a kill. The transaction is
 * IMMEDIATE, not EXCLUSIVE: exactly one of many concurrent callers gets it, whereas EXCLUSIVE may reject all
 * of them.
 * @returns null while another holder has the lock
 */
function openLocked(file: string): DatabaseSync | null {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    database.exec("BEGIN IMMEDIATE");
    return database;
  } catch (cause) {
    database?.close();
    const code = cause instanceof Error && "errcode" in cause ? cause.errcode : undefined;
    if (code === SQLITE_BUSY) return null;
    const [why, way] =
      code === SQLITE_FULL
        ? ["the disk is full", "free space on it"]
        : [shortCause(cause), "give this user the right to write it"];
    throw new StorageError(`${file} cannot be locked (${why}): ${way}`, { cause });
  }
}

/**
 * Every user who may write the folder may take the lock. chmod works by path here, because opening and
 * closing the file would release all locks that the process has on it.
 */
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
