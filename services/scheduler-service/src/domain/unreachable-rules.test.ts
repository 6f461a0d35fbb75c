import { parseAlertRules, type RuleSet, ruleSetsOf } from "@bellwether/config/alert-rules";
import { parseYaml } from "@bellwether/config/yaml-file";
import { profileNumbers } from "@bellwether/drift/profile/numeric-profile";
import { expect, test } from "vitest";
import { type EvaluatedModel, unreachableRules } from "./unreachable-rules.ts";

/** A rule set with these limits of the score. */
const rulesOf = (raise: number, critical: number, changes = ""): readonly RuleSet[] =>
  ruleSetsOf(
    parseAlertRules(
      parseYaml(
        `version: 1
id: default
cool_down_weeks: 2
score_threshold: { id: high-score, raise: ${raise}, runs_to_raise: 2, critical: ${critical}, clear: 0.1, runs_to_clear: 2 }
weekly_capacity: { id: weekly-capacity, suppliers: 10, min_lift: 1.0, keep_within: 20 }
${changes}`,
        "alert_rules.yaml",
      ),
    ),
  );

/** A model whose evaluated scores lie evenly from 0 to 0.62. */
const evaluated = (rows = 500): EvaluatedModel => ({
  version: "v3",
  trainingProfile: {
    score: profileNumbers(
      "risk_score",
      Float64Array.from({ length: rows }, (_, i) => (0.62 * i) / (rows - 1)),
    ),
  },
});
const HIGHEST =
  "and the highest score of the 500 rows on which v3 was evaluated is 0.62: no supplier is likely to reach it";

test("a rule with a limit above the highest evaluated score is named with both", () => {
  expect(unreachableRules(rulesOf(0.7, 0.85), evaluated())).toEqual([
    `warning: alert rule high-score raises an alert from a score of 0.7, ${HIGHEST}`,
  ]);
  expect(unreachableRules(rulesOf(0.6, 0.85), evaluated())).toEqual([
    `warning: alert rule high-score makes an alert critical from a score of 0.85, ${HIGHEST}`,
  ]);
  const changes =
    "changes: [{ id: rise, rises_above: 0.65 }, { id: drop, drops_below: 0.65 }, { id: move, changes_by: 0.65 }]";
  expect(unreachableRules(rulesOf(0.5, 0.6, changes), evaluated())).toEqual([
    `warning: alert rule rise raises an alert when a score rises above 0.65, ${HIGHEST}`,
  ]);
});

test("a limit at the highest score is reached", () => {
  expect(unreachableRules(rulesOf(0.62, 0.62), evaluated())).toEqual([]);
});

test("nothing is said without an evaluation, with few evaluated rows, or without rules", () => {
  expect(unreachableRules(rulesOf(0.7, 0.85), { version: "v3", trainingProfile: null })).toEqual([]);
  expect(unreachableRules(rulesOf(0.7, 0.85), { version: "v3", trainingProfile: { score: null } })).toEqual([]);
  expect(unreachableRules(rulesOf(0.7, 0.85), evaluated(99))).toEqual([]);
  expect(unreachableRules([], evaluated())).toEqual([]);
});
