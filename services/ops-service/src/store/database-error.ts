import { poolError, timeoutError, transientError } from "@bellwether/postgres/pool/transient-error";
import { DatabaseBusyError, DatabaseTimeoutError, DatabaseUnavailableError } from "../domain/ops-error.ts";

/**
 * Translates an error of the driver into one that a caller can act on. Other errors are returned unchanged.
 * `report` is called with the driver's message.
 */
export function translateDatabaseError(error: unknown, report: (reason: string) => void): unknown {
  if (poolError(error)) return new DatabaseBusyError({ cause: error });
  const late = timeoutError(error);
  const lost = transientError(error);
  if (!late && !lost) return error;
  report((late ?? lost)?.message ?? "");
  return late ? new DatabaseTimeoutError({ cause: error }) : new DatabaseUnavailableError({ cause: error });
}
