import fc from "fast-check";
import { expect, test } from "vitest";
import { populationStabilityIndex } from "./psi.ts";

test("equals the sum calculated by hand", () => {
  const p = [500.5 / 1001, 500.5 / 1001];
  const q = [300.5 / 1001, 700.5 / 1001];
  const byHand = p.reduce((sum, share, i) => sum + ((q[i] ?? 0) - share) * Math.log((q[i] ?? 0) / share), 0);
  expect(populationStabilityIndex([500, 500], [300, 700])).toBeCloseTo(byHand, 12);
});

test("a shift from 50:50 to 25:75 is above 0.25, and a tenth of that shift is far below", () => {
  expect(populationStabilityIndex([5_000, 5_000], [2_500, 7_500])).toBeGreaterThan(0.25);
  expect(populationStabilityIndex([5_000, 5_000], [4_750, 5_250])).toBeLessThan(0.02);
});

test("is finite for an empty bin, 0 without rows, and rejects other bins", () => {
  expect(populationStabilityIndex([10, 0], [0, 10])).toBeLessThan(10);
  expect(populationStabilityIndex([0, 0], [3, 4])).toBe(0);
  expect(populationStabilityIndex([3, 4], [0, 0])).toBe(0);
  expect(() => populationStabilityIndex([1], [1, 2])).toThrow(RangeError);
});

test("is never negative, is 0 for equal shares, and is symmetric for equal numbers of rows", () => {
  const pairs = fc.array(fc.tuple(fc.nat(1e6), fc.nat(1e6)), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(pairs, (bins) => {
      const [left, right] = [bins.map(([a]) => a), bins.map(([, b]) => b)];
      expect(populationStabilityIndex(left, right)).toBeGreaterThanOrEqual(0);
      expect(populationStabilityIndex(left, left)).toBe(0);
      expect(populationStabilityIndex(left, right)).toBeCloseTo(populationStabilityIndex(right, left), 9);
    }),
  );
});
