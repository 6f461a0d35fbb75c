import { expect, test } from "vitest";
import { DEFAULT_CHECKS } from "./input-checks.ts";
import { loadRiskPolicy, parseRiskPolicy } from "./risk-policy.ts";
import { parseYaml } from "./yaml-file.ts";

const policyFile = new URL("../../../../config/risk_policy.yaml", import.meta.url).pathname;
const checks = (text: string) => parseRiskPolicy(parseYaml(`version: 1\nchecks: ${text}\n`, "policy.yaml")).checks;

test("the product's own checks, an empty map and no map are the defaults", async () => {
  expect((await loadRiskPolicy(policyFile)).checks).toEqual(DEFAULT_CHECKS);
  expect(checks("{}")).toEqual(DEFAULT_CHECKS);
  expect(parseRiskPolicy(parseYaml("version: 1\n", "policy.yaml")).checks).toEqual(DEFAULT_CHECKS);
});

test("each check can be set, or turned off with a reason", () => {
  for (const name of [
    "rows",
    "suppliers",
    "shared_suppliers",
    "same_content",
    "data_age",
    "missing_column",
    "constant_column",
    "unit",
  ])
    expect(JSON.stringify(checks(`{ ${name}: { disabled: "not useful here" } }`))).toContain("not useful here");
  expect(checks("{ renamed_column: { disabled: why } }").renamedColumn).toEqual({ disabled: "why" });
  expect(checks("{ rows: { max_share: 3 } }").rows).toEqual({ minShare: 0.5, maxShare: 3 });
  expect(checks("{ shared_suppliers: { min_share: 0, max_similar_share: 1 } }").sharedSuppliers).toEqual({
    ...{ minShare: 0, maxSimilarShare: 1 },
  });
  expect(checks("{ data_age: { max_days: 400 } }").dataAge).toEqual({ maxDays: 400 });
  expect(checks("{ unit: { factor: 5 } }").unit).toEqual({ factor: 5 });
  expect(checks("{ moving_columns: { age: it grows } }").movingColumns).toEqual({ age: "it grows" });
});

test("a check cannot be turned off without a reason, and limits have their ends", () => {
  for (const wrong of [
    ...[
      '{ rows: { disabled: "" } }',
      "{ rows: { disabled: true } }",
      "{ rows: false }",
      "{ rows: { min_share: 1.01 } }",
    ],
    ...[
      "{ rows: { max_share: 0.99 } }",
      "{ suppliers: { max_share: 1001 } }",
      "{ shared_suppliers: { min_share: 1.01 } }",
      "{ shared_suppliers: { max_similar_share: 1.01 } }",
      "{ unit: { factor: 1.49 } }",
      "{ data_age: { max_days: 1.5 } }",
    ],
    ...["{ moving_columns: { age: 3 } }", "{ moving_columns: [age] }"],
  ])
    expect(() => checks(wrong), wrong).toThrow(/policy\.yaml:2:\d+ checks/);
  expect(() => checks("{ row: {} }")).toThrow('the known key "rows"');
  expect(checks("{ unit: { factor: 1.5 }, suppliers: { max_share: 1 } }").unit).toEqual({ factor: 1.5 });
});
