import { readFileSync } from "node:fs";
import { parseAlertRules, ruleSetsOf } from "@bellwether/config/alert-rules";
import { parseYaml } from "@bellwether/config/yaml-file";
import { expect, test } from "vitest";
import { createSetFinder, ruleLimits } from "./rule-limits.ts";

const FILE = readFileSync(new URL("../../../../../config/alert_rules.yaml", import.meta.url), "utf8");
const set = (id: string, scope: string): string => `
  - id: ${id}
    applies_to: ${scope}
    cool_down_weeks: 0
    score_threshold: { id: ${id}-score, raise: 0.5, runs_to_raise: 1, critical: 0.95, clear: 0.1, runs_to_clear: 1 }
    weekly_capacity: { id: ${id}-capacity, suppliers: 3, min_lift: 0, keep_within: 3 }
`;
const limitsOf = (yaml: string, activation: number | null = null) =>
  ruleLimits(ruleSetsOf(parseAlertRules(parseYaml(yaml, "alert_rules.yaml"))).map((rules) => ({ rules, activation })));
const idsOf = (yaml: string, suppliers: readonly (readonly [string, string])[]) => {
  const limits = limitsOf(yaml);
  const find = createSetFinder(limits);
  // Twice: the second answer is the remembered one.
  for (const [region, category] of suppliers) find(region, category);
  return suppliers.map(([region, category]) => limits[find(region, category)]?.setId ?? "none");
};

test("one set applies to all suppliers, with the limits of the file", () => {
  const [only, ...others] = limitsOf(FILE, 7);
  expect(only).toMatchObject({ setId: "default", threshold: 0.7, capacity: 10, scope: null, activation: 7 });
  expect(others).toEqual([]);
  expect(idsOf(FILE, [["", ""]])).toEqual(["default"]);
});

test("a set applies to its regions and categories, and the one without a scope to all others", () => {
  const yaml = `${FILE}\nsets:${set("steel", "{ regions: [EU, US], categories: [Steel] }")}${set("asia", "{ regions: [APAC] }")}`;
  expect(
    idsOf(yaml, [
      ["EU", "Steel"],
      ["EU", "Paper"],
      ["", "Steel"],
      ["APAC", "Steel"],
      ["APAC", ""],
      ["", ""],
    ]),
  ).toEqual(["steel", "default", "default", "asia", "asia", "default"]);
});

test("without a set for the others, some suppliers have none", () => {
  const yaml = FILE.replace("id: default", "id: default\napplies_to: { regions: [EU] }");
  expect(
    idsOf(yaml, [
      ["EU", ""],
      ["US", ""],
    ]),
  ).toEqual(["default", "none"]);
});
