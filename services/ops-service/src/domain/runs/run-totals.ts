import type { Band } from "@bellwether/contract/band-codes";

/** Sums over the scores of a run with one band. */
export interface RunTotal {
  readonly band: Band;
  readonly suppliers: number;
  /** Sum of the expected impacts, without suppliers whose exposure is not known. */
  readonly impact: number;
  /** Number of suppliers that have a score, and whose exposure is not known. */
  readonly withoutExposure: number;
  /** Number of suppliers whose score is incomplete by the limit that was valid then. Null: not recorded. */
  readonly incomplete: number | null;
}
