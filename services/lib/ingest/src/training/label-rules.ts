import type { OutcomeSpec } from "@bellwether/config/model-spec";
import type { LabelRules } from "./outcome-labels.ts";

const DAY_MS = 86_400_000;

/** Returns the number of days from 1970-01-01 to a day. */
const dayOf = (isoDate: string): number => Math.floor(Date.parse(isoDate) / DAY_MS);

/**
 * Returns the rules by which outcomes become labels.
 * @param given Values that a person has set instead of the configuration: the horizon in days, and the ISO date up to
 * which every event is known.
 */
export function labelRules(
  outcomes: OutcomeSpec,
  now: Date,
  given: { readonly horizonDays?: number; readonly completeUntil?: string } = {},
): LabelRules {
  const todayDay = dayOf(now.toISOString().slice(0, 10));
  const { completeAfterDays } = outcomes;
  const byConfiguration = completeAfterDays === null ? null : todayDay - completeAfterDays;
  return {
    horizonDays: given.horizonDays ?? outcomes.horizonDays,
    todayDay,
    completeUntilDay: given.completeUntil === undefined ? byConfiguration : dayOf(given.completeUntil),
  };
}
