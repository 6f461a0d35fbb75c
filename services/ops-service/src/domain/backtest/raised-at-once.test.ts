import { readFile } from "node:fs/promises";
import { parseAlertRules, ruleSetsOf } from "@bellwether/config/alert-rules";
import { parseYaml } from "@bellwether/config/yaml-file";
import { expect, test } from "vitest";
import { countNextRun } from "./raised-at-once.ts";
import { type RecordedEvent, recordedAlerts } from "./recorded-alerts.ts";

const RULES = new URL("../../../../../config/alert_rules.yaml", import.meta.url).pathname;
/** Rules with the ids high-score and weekly-capacity. */
const sets = ruleSetsOf(parseAlertRules(parseYaml(await readFile(RULES, "utf8"), "rules.yaml")));
const RUN = { runId: 1, isoWeek: "2026-W01", completedMs: 100 };

const raised = (ruleId: string): RecordedEvent => ({
  ...{ alertId: ruleId, supplierId: 1, ruleId, kind: "raised", runId: 1, occurredMs: 100 },
});
const resolved = (ruleId: string): RecordedEvent => ({ ...raised(ruleId), kind: "resolved", runId: null });
const countOf = (ruleId: string, events: readonly RecordedEvent[]) => {
  const recorded = recordedAlerts(events, [RUN]);
  const { raisedAtOnce, ofOtherRules } = countNextRun([{ supplierId: 1, ruleId }], RUN.isoWeek, sets, recorded);
  return [raisedAtOnce, ofOtherRules];
};

test("an alert of the rule itself, or of the score rule of its set, is not raised again", () => {
  expect(countOf("high-score", [])).toEqual([1, 0]);
  expect(countOf("high-score", [raised("high-score")])).toEqual([0, 0]);
  expect(countOf("weekly-capacity", [raised("weekly-capacity")])).toEqual([0, 0]);
  expect(countOf("weekly-capacity", [raised("high-score")])).toEqual([0, 0]);
});

test("the score rule raises its alert beside that of another rule, which the run then replaces", () => {
  expect(countOf("high-score", [raised("weekly-capacity")])).toEqual([1, 0]);
});

test("an active alert of a rule that the set does not have any more does not keep the set from raising its own", () => {
  expect(countOf("high-score", [raised("old-score")])).toEqual([1, 1]);
  expect(countOf("weekly-capacity", [raised("old-score"), raised("old-capacity")])).toEqual([1, 1]);
});

test("a decision of a person counts for the rule that it was about, and not for a rule with another id", () => {
  const decided = (ruleId: string) => [raised(ruleId), resolved(ruleId)];
  expect(countOf("high-score", decided("high-score"))).toEqual([0, 0]);
  expect(countOf("weekly-capacity", decided("high-score"))).toEqual([0, 0]);
  expect(countOf("high-score", decided("old-score"))).toEqual([1, 0]);
});
