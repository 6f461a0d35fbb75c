import type { RiskPolicy } from "@bellwether/config/risk-policy";
import type { Check } from "@bellwether/plausibility/check";
import { lossCheck } from "@bellwether/plausibility/check-losses";
import { type Losses, measureLosses, type PreviousWeek } from "@bellwether/plausibility/losses";
import type { LossCounts } from "@bellwether/plausibility/rejected-share";
import { orderChecks } from "./run-check.ts";

/** A person's decision to go beyond a limit. */
export interface Override {
  /** Why, 1 to 2,000 bytes. */
  readonly reason: string;
  /** Who decided, 1 to 256 bytes. */
  readonly actor: string;
}

/** What a run lost between its source files and its scores, with the limits of the risk policy. */
export interface RunLosses extends Losses {
  /** Who accepted the losses. Null: nobody did, or the run exceeds no limit. */
  readonly accepted: Override | null;
}

/** The complete week that a run is compared with, as the ledger stores it. */
export interface PreviousRun extends PreviousWeek {
  readonly runId: number;
  /** Null: not recorded. */
  readonly rowsRead: number | null;
}

/** Compares the counts of a run with the risk policy. */
export function measureRunLosses(
  counts: LossCounts,
  previous: PreviousWeek | null,
  { losses: limits }: RiskPolicy,
  accepted: Override | null,
): RunLosses {
  const losses = measureLosses(counts, previous, limits);
  return { ...losses, accepted: losses.exceeded.length > 0 ? accepted : null };
}

/**
 * Returns the checks of a run with a failed one for each limit that its losses exceed. When rows cannot be scored, the
 * losses are larger than they were when the input was checked.
 */
export function withLossChecks(checks: readonly Check[], losses: Losses): readonly Check[] {
  const { exceeded } = losses;
  if (exceeded.length === 0) return checks;
  const isReplaced = ({ kind }: Check): boolean => exceeded.some((limit) => limit === kind);
  return orderChecks([
    ...exceeded.map((limit) => lossCheck(limit, losses)),
    ...checks.filter((check) => !isReplaced(check)),
  ]);
}
