import { expect, test } from "vitest";
import { estimateOf, jackknife, positiveEstimateOf, pValueOf } from "./group-jackknife.ts";

const VALUES = [3, 5, 4, 8, 10];
const meanWithout = (left: number): number => {
  const used = VALUES.filter((_, at) => at !== left);
  return used.reduce((sum, value) => sum + value, 0) / used.length;
};

test("for a mean of groups of one row it is the variance of the mean, and the interval that of Student's t", () => {
  const found = jackknife(5, () => true, meanWithout);
  // Variance of the five values, 8.5, divided by 5.
  expect(found).toMatchObject({ value: 6, df: 4 });
  expect(found?.variance).toBeCloseTo(1.7, 12);
  const { low, high } = estimateOf(found ?? { value: 0, variance: null, df: 0 });
  // scipy.stats.t.interval(0.95, 4, 6, sqrt(1.7))
  expect(low).toBeCloseTo(2.3799585, 6);
  expect(high).toBeCloseTo(9.6200415, 6);
});

test("one group has no variance, and a statistic that cannot be computed is null", () => {
  expect(jackknife(5, (group) => group === 2, meanWithout)).toEqual({ value: 6, variance: null, df: 0 });
  expect(estimateOf({ value: 6, variance: null, df: 0 })).toEqual({ value: 6, low: null, high: null });
  expect(
    jackknife(
      5,
      () => true,
      () => Number.NaN,
    ),
  ).toBeNull();
  const needsAll = jackknife(
    5,
    () => true,
    (left) => (left < 0 ? 1 : Number.NaN),
  );
  expect(needsAll).toEqual({ value: 1, variance: null, df: 4 });
});

test("the interval of a statistic that cannot be negative has no negative values", () => {
  const { low, high } = positiveEstimateOf({ value: 6, variance: 1.7, df: 4 });
  // 6 * exp(∓ scipy.stats.t.ppf(0.975, 4) * sqrt(1.7) / 6)
  expect(low).toBeCloseTo(3.2818892, 6);
  expect(high).toBeCloseTo(10.9692919, 6);
  expect(positiveEstimateOf({ value: 1, variance: 4, df: 2 }).low).toBeGreaterThan(0);
  expect(positiveEstimateOf({ value: 0, variance: 0, df: 4 })).toEqual({ value: 0, low: 0, high: 0 });
  expect(positiveEstimateOf({ value: 6, variance: null, df: 0 })).toEqual({ value: 6, low: null, high: null });
});

test("a p-value is 1 for a difference of 0, and 0 for one without variance", () => {
  expect(pValueOf({ value: 0, variance: 0, df: 3 })).toBe(1);
  expect(pValueOf({ value: 0.1, variance: 0, df: 3 })).toBe(0);
  expect(pValueOf({ value: 0.1, variance: null, df: 0 })).toBe(1);
  // 2 * scipy.stats.t.sf(2.5, 31)
  expect(pValueOf({ value: -2.5, variance: 1, df: 31 })).toBeCloseTo(0.0179202268, 8);
});
