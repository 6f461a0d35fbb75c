import type { RiskPolicy } from "@bellwether/config/risk-policy";
import { type LossCounts, type Losses, measureLosses, type PreviousWeek } from "@bellwether/plausibility/losses";

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
