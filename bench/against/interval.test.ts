import { createRandom } from "@bellwether/risk-model/random";
import { expect, test } from "vitest";
import { ratioInterval } from "./interval.ts";
import { judge } from "./judge.ts";

test("equal pairs give an interval of one point", () => {
  expect(ratioInterval(Array.from({ length: 10 }, () => 1))).toEqual({ estimate: 1, low: 1, high: 1 });
});

test("one disturbed pair of ten moves the estimate by less than 2 %", () => {
  const ratios = [0.99, 1.01, 1, 0.98, 1.02, 1.01, 0.99, 1, 1.005, 9];
  const { estimate, low, high } = ratioInterval(ratios);
  expect(estimate).toBeGreaterThan(0.98);
  expect(estimate).toBeLessThan(1.02);
  expect(low).toBeLessThan(estimate);
  expect(high).toBeGreaterThan(estimate);
});

test.each([10, 30])("the interval of %i pairs covers the true ratio in 93 to 98 %% of 2,000 trials", (pairs) => {
  const random = createRandom(7, `interval ${pairs}`);
  let covered = 0;
  for (let trial = 0; trial < 2_000; trial++) {
    const { low, high } = ratioInterval(Array.from({ length: pairs }, () => 1.04 * Math.exp(0.1 * random.normal())));
    if (low <= 1.04 && 1.04 <= high) covered++;
  }
  expect(covered / 2_000).toBeGreaterThan(0.93);
  expect(covered / 2_000).toBeLessThan(0.98);
});

test.each([
  ["fewer than 6 pairs", [1, 1, 1, 1, 1]],
  ["a ratio of 0", [1, 1, 1, 1, 1, 0]],
  ["a ratio that is NaN", [1, 1, 1, 1, 1, Number.NaN]],
  ["an infinite ratio", [1, 1, 1, 1, 1, Number.POSITIVE_INFINITY]],
])("%s is an error", (_, ratios) => {
  expect(() => ratioInterval(ratios)).toThrow(RangeError);
});

test.each([
  ["ends at the limit", 0.9, 1.1, "passes"],
  ["lies between both limits", 1.06, 1.09, "passes"],
  ["starts above 1.05 and ends above 1.10", 1.0501, 1.2, "fails"],
  ["spans both limits", 1.05, 1.11, "undecided"],
  ["ends just above the limit", 0.99, 1.1001, "undecided"],
] as const)("an interval that %s: from %f to %f %s", (_, low, high, verdict) => {
  expect(judge({ estimate: (low + high) / 2, low, high })).toBe(verdict);
});
