import type { Interval } from "./interval.ts";

/** A commit passes when the interval of its cost ratio ends at or below this. */
const PASS_AT_MOST = 1.1;
/** A commit fails when the interval of its cost ratio does not pass and starts above this. */
const FAIL_ABOVE = 1.05;

/** Verdict on the interval of a cost ratio. "undecided" means that more pairs are needed. */
export type Verdict = "passes" | "fails" | "undecided";

/**
 * Judges the interval of new cost over old cost. The first rule that applies decides, so an interval from
 * 1.05 to 1.10 passes.
 */
export function judge({ low, high }: Interval): Verdict {
  if (high <= PASS_AT_MOST) return "passes";
  return low > FAIL_ABOVE ? "fails" : "undecided";
}
