import type { AlertRules } from "@bellwether/config/alert-rules";
import type { Alert } from "./alert.ts";

/** The cool-down of resolved alerts. */
export interface CoolDown {
  /** Number of run weeks for which a resolved alert keeps new alerts away. */
  readonly coolDownWeeks: AlertRules["coolDownWeeks"];
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

/** Whether nobody has judged the risk of a resolved alert: it lapsed, was replaced, or its run was withdrawn. */
export const isUnjudged = (disposition: Alert["disposition"]): boolean =>
  disposition === "lapsed" || disposition === "replaced" || disposition === "void";
