import { StorageError, shortCause } from "@bellwether/files/storage-error";
import {
  isObjectStoreError,
  ObjectNotFoundError,
  StoreDeniedError,
  StoreFullError,
  StoreRejectedError,
  StoreUnavailableError,
} from "../store-error.ts";

const MISSING: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);
const DENIED: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);
const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const PASSING: ReadonlySet<string> = new Set(["EIO", "ESTALE", "EBUSY", "EMFILE", "ENFILE", "ENOTCONN", "ETIMEDOUT"]);

/** Returns an error of the file system as an error of a store. */
export function folderErrorOf(error: unknown, place: string): unknown {
  if (isObjectStoreError(error)) return error;
  if (error instanceof StorageError) return new StoreRejectedError(place, shortCause(error), { cause: error });
  const code = error instanceof Error && "code" in error ? String(error.code) : null;
  if (code === null) return error;
  const options = { cause: error };
  if (MISSING.has(code)) return new ObjectNotFoundError(place, options);
  if (DENIED.has(code)) return new StoreDeniedError(place, code, options);
  if (FULL.has(code)) return new StoreFullError(place, code, options);
  if (PASSING.has(code)) return new StoreUnavailableError(place, code, options);
  return new StoreRejectedError(place, code, options);
}
