import { HOLDER_LOCK_MS } from "@bellwether/contract/run-holder";
import { RunUnderWayError } from "../ops-error.ts";
import type { Run } from "../scores/run.ts";
import type { RunLedger } from "./run-ledger.ts";

/**
 * Checks that a run whose rows would be dropped is not in progress at another holder: that it is not running, or abandoned.
 * @throws RunUnderWayError
 */
export async function checkNotUnderWay(ledger: RunLedger, known: Run, holder: string): Promise<void> {
  if (known.state !== "running" || known.fence === 0 || known.holder === holder) return;
  const silentMs = await ledger.holderSilenceMs(known.id);
  if (silentMs !== null && silentMs < HOLDER_LOCK_MS)
    throw new RunUnderWayError(known.isoWeek, known.holder, HOLDER_LOCK_MS / 1000);
}
