import { poolError, timeoutError, transientError } from "@bellwether/postgres/pool/transient-error";
import { DatabaseBusyError, DatabaseTimeoutError, DatabaseUnavailableError } from "../domain/ops-error.ts";

/** The driver's error as one that a caller can act on; anything else comes back as it is. `report` hears what the driver said. */
export function translateDatabaseError(error: unknown, report: (reason: string) => void): unknown {
  if (poolError(error)) return new DatabaseBusyError({ cause: error });
  const late = timeoutError(error);
  const lost = transientError(error);
  if (!late && !lost) return error;
  report((late ?? lost)?.message ?? "");
  return late ? new DatabaseTimeoutError({ cause: error }) : new DatabaseUnavailableError({ cause: error });
}
