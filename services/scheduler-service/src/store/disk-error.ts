import { DiskError } from "../domain/scheduler-error.ts";

/** What the system's codes mean for people. A file that is not there is not among them: that is the caller's mistake. */
const MEANINGS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota of this user is used up",
  EFBIG: "the file is larger than its file system or this process may have",
  EROFS: "the file system is read-only",
  EACCES: "this user has no right to it",
  EPERM: "this user has no right to it",
  EIO: "the disk does not read or write",
  ESTALE: "the network file system has lost it",
  ENOTCONN: "the file system is not connected",
  ENODEV: "the device is gone",
  ENXIO: "the device is gone",
  EBUSY: "it is in use by the system",
  EMFILE: "this process has too many open files",
  ENFILE: "this machine has too many open files",
};

/** The same in the words of the C library, as DuckDB quotes them. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/No space left on device/, "ENOSPC"],
  [/Disk quota exceeded/, "EDQUOT"],
  [/File too large/, "EFBIG"],
  [/Read-only file system/, "EROFS"],
  [/Permission denied/, "EACCES"],
  [/Operation not permitted/, "EPERM"],
  [/Input\/output error/, "EIO"],
  [/Stale file handle/, "ESTALE"],
  [/Too many open files/, "EMFILE"],
];
const MAX_CAUSES = 5;

/** The error of a disk that is below an error of `place`, a file or folder; null: it is of another kind. */
export function diskErrorOf(error: unknown, place: string): DiskError | null {
  let at = error;
  for (let depth = 0; depth < MAX_CAUSES && at instanceof Error; depth++) {
    if (at instanceof DiskError) return at;
    const code = codeOf(at);
    const meaning = code === undefined ? undefined : MEANINGS[code];
    if (code !== undefined && meaning !== undefined)
      return new DiskError(placeOf(at, place), code, meaning, { cause: error });
    at = at.cause;
  }
  return null;
}

/** Files below the place come and go under names that nobody knows; a file elsewhere, such as a temporary one, is named. */
function placeOf(error: Error, place: string): string {
  const { path: named } = error as NodeJS.ErrnoException;
  return named === undefined || named.startsWith(place) ? place : named;
}

function codeOf(error: Error): string | undefined {
  if ("code" in error && typeof error.code === "string") return error.code;
  return WORDS.find(([words]) => words.test(error.message))?.[1];
}

/** Gives an error of the disk its meaning for the run. @throws DiskError, and what `work` throws */
export async function onDisk<T>(place: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw diskErrorOf(error, place) ?? error;
  });
}

/** The same for every function of an object that answers with a promise. */
export function allOnDisk<T extends object>(place: string, files: T): T {
  const guard = (value: unknown): unknown =>
    typeof value === "function" ? (...args: unknown[]) => onDisk(place, Promise.resolve(value(...args))) : value;
  return Object.fromEntries(Object.entries(files).map(([name, value]) => [name, guard(value)])) as T;
}
