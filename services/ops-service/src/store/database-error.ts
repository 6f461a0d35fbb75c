import { passingFault, poolFault, timeoutFault } from "@bellwether/postgres/pool/passing-fault";
import { DatabaseBusyError, DatabaseTimeoutError, DatabaseUnavailableError } from "../domain/ops-error.ts";

/** The driver's error as one that a caller can act on; anything else comes back as it is. `report` hears what the driver said. */
export function translateDatabaseError(error: unknown, report: (reason: string) => void): unknown {
  if (poolFault(error)) return new DatabaseBusyError({ cause: error });
  const late = timeoutFault(error);
  const lost = passingFault(error);
  if (!late && !lost) return error;
  report((late ?? lost)?.message ?? "");
  return late ? new DatabaseTimeoutError({ cause: error }) : new DatabaseUnavailableError({ cause: error });
}
