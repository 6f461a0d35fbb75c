import type { Interval } from "./interval.ts";

/** A commit passes when the interval of its cost ratio ends at or below this. */
const PASS_AT_MOST = 1.1;
/** A commit fails when the interval of its cost ratio does not pass and starts above this. */
const FAIL_ABOVE = 1.05;

/** What an interval of a cost ratio says; "undecided" asks for more pairs. */
export type Verdict = "passes" | "fails" | "undecided";

/** Judges the interval of new cost over old cost. The first rule that holds decides: an interval within 1.05 and 1.10 passes. */
export function judge({ low, high }: Interval): Verdict {
  if (high <= PASS_AT_MOST) return "passes";
  return low > FAIL_ABOVE ? "fails" : "undecided";
}
