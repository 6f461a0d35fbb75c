import { stringify } from "yaml";
import type { RuleSet } from "./alert-rules.ts";

/** Returns a rule set in the form of config/alert_rules.yaml, with all defaults and without comments. */
export function ruleSetYaml(set: RuleSet): string {
  const { id, appliesTo, scoreThreshold: score, weeklyCapacity: capacity, changes } = set;
  return stringify({
    version: 1,
    id,
    ...(appliesTo.regions.length + appliesTo.categories.length > 0 && {
      applies_to: { regions: appliesTo.regions, categories: appliesTo.categories },
    }),
    cool_down_weeks: set.coolDownWeeks,
    max_weeks_apart: set.maxWeeksApart,
    runs_to_lapse: set.runsToLapse,
    longest_days: set.longestDays,
    score_threshold: {
      ...{ id: score.id, raise: score.raise, runs_to_raise: score.runsToRaise, critical: score.critical },
      ...{ keep_critical: score.keepCritical, clear: score.clear, runs_to_clear: score.runsToClear },
    },
    weekly_capacity: {
      ...{ id: capacity.id, suppliers: capacity.suppliers, min_lift: capacity.minLift },
      keep_within: capacity.keepWithin,
    },
    ...(changes.length > 0 && {
      changes: changes.map((rule) => ({ id: rule.id, [rule.kind]: rule.limit, runs_to_clear: rule.runsToClear })),
    }),
    acceptance_expiry: set.acceptanceExpiry,
  });
}
