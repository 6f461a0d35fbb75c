import { type Check, type CheckOutcome, failedChecks } from "@bellwether/plausibility/check";

const ORDER: readonly CheckOutcome[] = ["failed", "not_possible", "passed"];

/** Orders checks by their outcome: failed, not possible, passed. Checks of the same outcome keep their order. */
export function orderChecks(checks: readonly Check[]): readonly Check[] {
  return checks.toSorted((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
}

/** Returns the failed checks that are not among the failed checks which somebody approved. */
export function unapprovedChecks(checks: readonly Check[], approved: readonly Check[]): readonly Check[] {
  const keyOf = ({ kind, column }: Check): string => `${kind}/${column}`;
  const known = new Set(failedChecks(approved).map(keyOf));
  return failedChecks(checks).filter((check) => !known.has(keyOf(check)));
}
