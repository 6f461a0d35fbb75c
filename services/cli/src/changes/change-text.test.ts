import { expect, test } from "vitest";
import { changeLines } from "./change-text.ts";
import type { ChangeJson } from "./change-view.ts";

const part = (before: number, after: number, data = 0): ChangeJson["parts"][number] => ({
  ...{ feature: "late_ratio", data_margin: data, model_margin: 0, data_score: data, model_score: 0 },
  ...{ before: { value: before, missing: false }, after: { value: after, missing: false } },
});
const change = (more: Partial<ChangeJson> = {}): ChangeJson => ({
  supplier_id: "S_1",
  before: { risk_score: 0.4, margin: -0.5, version: "v1" },
  after: { risk_score: 0.4, margin: -0.5, version: "v1" },
  ...{ margin_change: 0, score_change: 0, parts: [], base_margin: 0, base_score: 0, calibration_score: 0, notes: [] },
  ...more,
});

test.each([[[]], [[part(1, 1)]]])("a change without a part is called so, not shown as zeros: %j", (parts) => {
  expect(changeLines(change({ parts, notes: ["a note"] }))).toEqual([
    "S_1: risk score 0.4000 (v1) → 0.4000 (v1), margin -0.5000 → -0.5000",
    "nothing changed",
    "note: a note",
  ]);
});

test("a feature with the same value and an effect that rounds to 0 is not a line of its own", () => {
  const parts = [part(1, 2, 0.1), part(3, 3, 0.00001), part(4, 5, 0)];
  expect(changeLines(change({ parts })).slice(2)).toEqual([
    "    10.00      0.00  late_ratio: 1 → 2",
    "     0.00      0.00  late_ratio: 4 → 5",
    "     0.00      0.00  1 other feature",
    "    10.00      0.00  together",
  ]);
});

test("values that changed without an effect are named", () => {
  expect(changeLines(change({ parts: [part(1, 2)] })).slice(1)).toEqual([
    "the score did not change; values that changed without an effect: late_ratio: 1 → 2",
  ]);
});

test.each([
  ["a part of a feature", { parts: [part(1, 2, 0.1)] }],
  ["a base value", { base_score: 0.01 }],
  ["a calibration", { calibration_score: 0.01 }],
])("%s is shown with its sum", (_, more) => {
  const lines = changeLines(change(more));
  expect(lines[1]).toMatch(/data +model {2}percentage points/);
  expect(lines.at(-1)).toMatch(/together$/);
  expect(lines.join(" ")).not.toContain("nothing changed");
});
