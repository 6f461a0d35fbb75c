import { type AlertRules, parseAlertRules } from "@bellwether/config/alert-rules";
import { parseYaml } from "@bellwether/config/yaml-file";
import { expect, test } from "vitest";
import { activeRuleSets, readRuleSet, withRuleSet } from "./active-rules.ts";

const yaml = (id: string, regions: readonly string[], raise = 0.7) => `version: 1
id: ${id}
applies_to: { regions: [${regions.join(", ")}] }
cool_down_weeks: 2
score_threshold: { id: ${id}-score, raise: ${raise}, runs_to_raise: 2, critical: 0.85, clear: 0.6, runs_to_clear: 2 }
weekly_capacity: { id: ${id}-capacity, suppliers: 10, min_lift: 1, keep_within: 20 }
`;
const file = parseAlertRules(parseYaml(yaml("default", []), "rules.yaml"));
const activated = (number: number, setId: string, rulesYaml: string, modelName = "", isRetired = false) => ({
  ...{ number, setId, rulesYaml, modelName, isRetired },
});

test("an activated set replaces that of the file with its id, and others are added", () => {
  const active = activeRuleSets(file, [
    activated(3, "emea", yaml("emea", ["EMEA"])),
    activated(7, "default", yaml("default", [], 0.8)),
  ]);
  expect(active.map(({ rules, activation }) => [rules.id, rules.scoreThreshold.raise, activation])).toEqual([
    ["default", 0.8, 7],
    ["emea", 0.7, 3],
  ]);
  expect(activeRuleSets(file, [])).toMatchObject([{ activation: null, rules: { hash: file.hash } }]);
});

test("activations of other models are ignored", () => {
  const all = [
    activated(1, "default", yaml("default", [], 0.8)),
    activated(2, "default", yaml("default", [], 0.65), "delivery"),
  ];
  const raiseOf = (rules: AlertRules) => activeRuleSets(rules, all).map((one) => one.rules.scoreThreshold.raise);
  expect(raiseOf(file)).toEqual([0.8]);
  expect(raiseOf({ ...file, modelName: "delivery" })).toEqual([0.65]);
  expect(raiseOf({ ...file, modelName: "third" })).toEqual([0.7]);
});

test("a retired set is not active, and the set of the file with its id is", () => {
  const retired = [
    activated(3, "emea", yaml("emea", ["EMEA"]), "", true),
    activated(7, "default", yaml("default", [], 0.8), "", true),
  ];
  expect(activeRuleSets(file, retired)).toMatchObject([{ activation: null, rules: { hash: file.hash } }]);
});

test("sets that overlap are one sentence", () => {
  const sentence =
    'the rule sets "emea" and "eu" overlap: both apply to suppliers of the region "EMEA" and any category; give each supplier one rule set, and each set and rule an id of its own';
  const active = activeRuleSets(file, [activated(1, "emea", yaml("emea", ["EMEA"]))]);
  expect(() => withRuleSet(active, readRuleSet(yaml("eu", ["EU", "EMEA"])))).toThrow(sentence);
  expect(withRuleSet(active, readRuleSet(yaml("emea", ["EU"])))).toHaveLength(2);
});

test("a draft has one rule set", () => {
  const further = yaml("emea", ["EMEA"]).split("\n").slice(1, -1);
  const text = `${yaml("default", [])}sets:\n${further.map((line, i) => `${i === 0 ? "  - " : "    "}${line}`).join("\n")}\n`;
  expect(() => readRuleSet(text)).toThrow("found further rule sets, expected one rule set; make a draft for each");
});
