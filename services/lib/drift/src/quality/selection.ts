import type { Estimate } from "./estimate.ts";

/** Precision and recall when the rows of a selection are flagged. */
export interface Selection {
  /** Number of suppliers that the flagged rows represent, per row of the selection's share. */
  readonly flagged: number;
  readonly precision: Estimate;
  readonly recall: Estimate;
}
