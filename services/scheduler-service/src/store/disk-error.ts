import { DiskError } from "../domain/scheduler-error.ts";

/**
 * Explanations of the system's error codes. ENOENT is not among them: a missing file is an error of the
 * caller.
 */
const MEANINGS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota of this user is used up",
  EFBIG: "the file is larger than its file system or the limit of this process allows",
  EROFS: "the file system is read-only",
  EACCES: "this user has no right to it",
  EPERM: "this user has no right to it",
  EIO: "the disk has a read or write error",
  ESTALE: "the network file system no longer has it",
  ENOTCONN: "the file system is not connected",
  ENODEV: "the device is not available",
  ENXIO: "the device is not available",
  EBUSY: "it is in use by the system",
  EMFILE: "this process has too many open files",
  ENFILE: "this machine has too many open files",
};

/** Messages of the C library for the same errors. DuckDB quotes these messages. */
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

/**
 * Finds a disk error in an error of `place` (a file or folder) or its causes. Null when it is another kind of
 * error.
 */
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

/**
 * Names `place` for files below it, which have internal names. Names a file elsewhere, for example a
 * temporary file, by its own path.
 */
function placeOf(error: Error, place: string): string {
  const { path: ofError } = error as NodeJS.ErrnoException;
  // DuckDB quotes the path in the message.
  const named = ofError ?? /"(\/[^"]+)"/.exec(error.message)?.[1];
  return named === undefined || named.startsWith(place) ? place : named;
}

function codeOf(error: Error): string | undefined {
  if ("code" in error && typeof error.code === "string") return error.code;
  return WORDS.find(([words]) => words.test(error.message))?.[1];
}

/** Awaits `work` and converts a disk error to a DiskError. @throws DiskError, and the errors of `work` */
export async function onDisk<T>(place: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw diskErrorOf(error, place) ?? error;
  });
}

/** Applies `onDisk` to every function of an object. All functions must return promises. */
export function allOnDisk<T extends object>(place: string, files: T): T {
  const guard = (value: unknown): unknown =>
    typeof value === "function" ? (...args: unknown[]) => onDisk(place, Promise.resolve(value(...args))) : value;
  return Object.fromEntries(Object.entries(files).map(([name, value]) => [name, guard(value)])) as T;
}
