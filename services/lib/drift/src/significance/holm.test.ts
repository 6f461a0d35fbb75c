import { expect, test } from "vitest";
import { holmAdjusted } from "./holm.ts";

test("adjusts as Holm's example, in the order of the input", () => {
  const adjusted = holmAdjusted([0.01, 0.04, 0.03, 0.005]);
  for (const [i, value] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[i]).toBeCloseTo(value, 12);
});

test("an adjusted value is at most 1 and never below a smaller one; no values have none", () => {
  expect(holmAdjusted([0.9, 0.5])).toEqual([1, 1]);
  expect(holmAdjusted([])).toEqual([]);
});
