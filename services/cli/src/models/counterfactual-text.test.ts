import { expect, test } from "vitest";
import type { CounterfactualJson } from "./counterfactual-json.ts";
import { counterfactualLines } from "./counterfactual-text.ts";

const UNKNOWN = 'region "Atlantis" is not a category that the model knows and counts as missing';
const ANSWER: CounterfactualJson = {
  ...{ supplier_id: "S_1", outcome: "found", summary: "The smallest change …", risk_score: 0.71, band: "high" },
  ...{ target_band: "medium", undecided_reason: null, model_version: "v1", warnings: [UNKNOWN] },
  counterfactuals: [
    {
      ...{ cost: 0.12345, risk_score: 0.39, band: "medium", warnings: [UNKNOWN, "late ratio is low"] },
      changes: [{ feature: "late_ratio", present: 0.45, new: 0.3, unit: "share", cost: 0.1, text: "lower late ratio" }],
    },
  ],
  fixed_features: [
    { feature: "region", reason: "missing" },
    { feature: "contract_text", reason: "text" },
  ],
};

test("an unknown category is a warning about the supplier, once, and among the missing features", () => {
  expect(counterfactualLines(ANSWER)).toEqual([
    "S_1: 0.7100 (high), model v1",
    "The smallest change …",
    `warning: ${UNKNOWN}`,
    "1. 0.3900 (medium), cost 0.123",
    "   lower late ratio",
    "   warning: late ratio is low",
    "not changed (missing): region",
    "not changed (text): contract_text",
  ]);
});

test("a stored score has its week, and a name cannot begin a line of its own", () => {
  const [line] = counterfactualLines({ ...ANSWER, iso_week: "2026-W47", supplier_id: "S_1\nS_2: 0.01 (low)" });
  expect(line).toBe("S_1\\u{a}S_2: 0.01 (low) in 2026-W47: 0.7100 (high), model v1");
});
