import { diskError, poolError, timeoutError, transientError } from "@bellwether/postgres/pool/transient-error";
import {
  DatabaseBusyError,
  DatabaseFullError,
  DatabaseTimeoutError,
  DatabaseUnavailableError,
} from "../domain/ops-error.ts";

/**
 * Translates an error of the driver into one that a caller can act on. Other errors are returned unchanged.
 * `report` is called with the driver's message, and with whether the disk of the database is full.
 */
export function translateDatabaseError(error: unknown, report: (reason: string, isFull: boolean) => void): unknown {
  if (poolError(error)) return new DatabaseBusyError({ cause: error });
  const late = timeoutError(error);
  const lost = transientError(error);
  if (!late && !lost) return error;
  const full = diskError(error);
  report((late ?? lost)?.message ?? "", full !== undefined);
  if (full) return new DatabaseFullError({ cause: error });
  return late ? new DatabaseTimeoutError({ cause: error }) : new DatabaseUnavailableError({ cause: error });
}
