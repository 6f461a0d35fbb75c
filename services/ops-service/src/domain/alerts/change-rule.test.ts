import type { ChangeRule } from "@bellwether/config/alert-rules";
import { expect, test } from "vitest";
import { testAlert } from "../../../test/test-alert.ts";
import { changeCandidate, isChange } from "./change-rule.ts";

test.each<[number | null, number | null, ChangeRule["kind"], number, boolean]>([
  [0.49, 0.5, "rises_above", 0.5, true],
  [0.5, 0.6, "rises_above", 0.5, false],
  [0.5, 0.49, "rises_above", 0.5, false],
  [0.3, 0.29, "drops_below", 0.3, true],
  [0.3, 0.3, "drops_below", 0.3, false],
  [0.29, 0.2, "drops_below", 0.3, false],
  [0.66, 0.86, "changes_by", 0.2, true],
  [0.86, 0.66, "changes_by", 0.2, true],
  [0.66, 0.8599, "changes_by", 0.2, false],
  [null, 0.9, "rises_above", 0.5, false],
  [0.9, null, "drops_below", 0.5, false],
  [Number.NaN, 0.9, "changes_by", 0.1, false],
])("from %s to %s is a change by %s %d: %s", (before, after, kind, limit, expected) => {
  expect(isChange(before, after, { kind, limit })).toBe(expected);
});

const RULE: ChangeRule = { id: "rise", kind: "rises_above", limit: 0.5, runsToClear: 2 };
const facts = (...recent: readonly (number | null)[]) => {
  const riskScore = recent[0] ?? 0;
  return { supplierId: 1, recent, before: recent[1] ?? null, riskScore, band: "high", impact: 1 } as const;
};

test.each([
  [facts(0.6, 0.4), { isRaised: true, isHigh: true, isCleared: false }],
  [facts(0.6), { isRaised: false, isCleared: false }],
  // One run after the change, then two.
  [facts(0.7, 0.6, 0.4), { isRaised: false, isCleared: false }],
  [facts(0.7, 0.7, 0.6, 0.4), { isRaised: false, isCleared: true }],
  [facts(0.7, null, 0.6), { isRaised: false, isCleared: true }],
  // Not enough runs in a row to know.
  [facts(0.7, 0.7), { isRaised: false, isCleared: false }],
])("recent scores %#", (given, expected) => {
  expect(changeCandidate(given, null, null, RULE)).toMatchObject(expected);
});

test("the alert of the score rule has precedence", () => {
  const scoreAlert = testAlert({ id: "other", ruleId: "high-score" });
  const candidate = changeCandidate(facts(0.9, 0.4), null, scoreAlert, RULE);
  expect(candidate).toMatchObject({ isRaised: false, isHigh: false, replacedBy: { alertId: "other" } });
});

test.each<[Partial<ChangeRule>, readonly number[], string]>([
  [{}, [0.6, 0.4], "Risk score 0.60, after 0.40 in the run before: it rose above 0.5."],
  [{}, [0.7, 0.6], "Risk score 0.70; it has not risen above 0.5 since the run before."],
  [
    { kind: "drops_below", limit: 0.3 },
    [0.2, 0.4],
    "Risk score 0.20, after 0.40 in the run before: it dropped below 0.3.",
  ],
  [{ kind: "changes_by", limit: 0.1 }, [0.2, 0.4], "Risk score 0.20, after 0.40 in the run before: it fell by 0.20."],
])("the summary of %j", (over, recent, summary) => {
  expect(changeCandidate(facts(...recent), null, null, { ...RULE, ...over }).summary).toBe(summary);
});
