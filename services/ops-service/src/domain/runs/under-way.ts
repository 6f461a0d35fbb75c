import { RunUnderWayError } from "../ops-error.ts";
import type { Run } from "../scores/run.ts";
import type { RunLedger } from "./run-ledger.ts";

/** Time without a write of its holder after which a run counts as abandoned, ms. Holders write every 10 s. */
const HOLDER_LOCK_MS = 30_000;

/**
 * Checks that a run whose rows would be dropped is not in progress at another holder. @throws RunUnderWayError
 */
export async function checkNotUnderWay(ledger: RunLedger, known: Run, holder: string): Promise<void> {
  if (known.state !== "running" || known.fence === 0 || known.holder === holder) return;
  const silentMs = await ledger.holderSilenceMs(known.id);
  if (silentMs !== null && silentMs < HOLDER_LOCK_MS)
    throw new RunUnderWayError(known.isoWeek, known.holder, HOLDER_LOCK_MS / 1000);
}
