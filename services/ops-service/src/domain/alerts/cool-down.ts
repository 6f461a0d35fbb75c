import type { AcceptanceExpiry, RuleSet } from "@bellwether/config/alert-rules";
import type { Alert } from "./alert.ts";

/** The cool-down of resolved alerts. */
export interface CoolDown {
  /** Number of run weeks for which a resolved alert keeps new alerts away. */
  readonly coolDownWeeks: RuleSet["coolDownWeeks"];
  /** Returns the number of run weeks since an alert was resolved: see `weeksSinceResolved`. */
  readonly weeksSince: (alert: Alert) => number | null;
}

/**
 * Whether a resolved alert keeps new alerts about its supplier away: until its accepted risk is over, or until
 * the end of the cool-down. An alert that nobody has judged does not.
 */
export function isResting(
  alert: Alert,
  { now, coolDownWeeks, weeksSince }: CoolDown & { readonly now: Date },
): boolean {
  const { state, disposition, acceptedUntil } = alert;
  if (state !== "resolved" || isUnjudged(disposition)) return false;
  if (acceptedUntil !== null) return now < acceptedUntil;
  const weeks = weeksSince(alert);
  return weeks !== null && weeks <= coolDownWeeks;
}

/** What happens to an accepted risk after its date. */
export interface ExpiryRule {
  readonly acceptanceExpiry: AcceptanceExpiry;
  /** When the model's run before was complete. Null: there is none. */
  readonly previousRunAt: Date | null;
}

/** Whether the accepted time of a resolved alert is over. */
export function isAcceptanceOver({ state, disposition, acceptedUntil }: Alert, now: Date): boolean {
  return state === "resolved" && disposition === "accepted" && acceptedUntil !== null && acceptedUntil <= now;
}

/**
 * Whether an alert opens again because its risk was accepted until a date that is past: in the first run after it, when
 * the rule would keep an open alert.
 */
export function expiresNow(
  alert: Alert,
  { now, acceptanceExpiry, previousRunAt }: ExpiryRule & { readonly now: Date },
): boolean {
  if (acceptanceExpiry === "raised" || !isAcceptanceOver(alert, now)) return false;
  return previousRunAt === null || (alert.acceptedUntil !== null && alert.acceptedUntil > previousRunAt);
}

/** Whether nobody has judged the risk of a resolved alert: it lapsed, was replaced, or its run was withdrawn. */
export const isUnjudged = (disposition: Alert["disposition"]): boolean =>
  disposition === "lapsed" || disposition === "replaced" || disposition === "void";
