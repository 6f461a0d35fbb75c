import { expect, test } from "vitest";
import { categoryBins, countValues, emptyCounts, type FeatureBins, numericBins } from "./feature-profile.ts";

const counted = (bins: FeatureBins, values: readonly (number | string | null)[]): number[] => {
  const counts = emptyCounts(bins);
  countValues(bins, values, counts);
  return counts;
};

test("deciles make ten bins of equal size, and the last count is that of missing values", () => {
  const values = Float64Array.from({ length: 100 }, (_, i) => 99 - i);
  const bins = numericBins("delay", values);
  expect(counted(bins, [...values, Number.NaN])).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 1]);
});

test("a value that covers several deciles is one edge, and belongs to the bin of that edge", () => {
  const bins = numericBins("disputes", Float64Array.of(0, 0, 0, 0, 0, 0, 0, 1, 2, 3));
  expect(bins).toMatchObject({ edges: [0, 1, 2] });
  expect(counted(bins, [0, 1, 2, 3, -5, 1e300])).toEqual([2, 1, 1, 2, 0]);
});

test("a feature without values has one bin and a count of missing values", () => {
  const bins = numericBins("unknown", Float64Array.of(Number.NaN, Number.NaN));
  expect(counted(bins, [Number.NaN, 3])).toEqual([1, 1]);
});

test("frequent categories have their own bins, all others share one", () => {
  const bins = categoryBins("region", ["b", "a", "b", null, "c"]);
  expect(bins).toMatchObject({ values: ["b", "a", "c"] });
  expect(counted(bins, ["a", "zz", "b", null, "yy"])).toEqual([1, 1, 0, 2, 1]);
  const many = categoryBins(
    "code",
    Array.from({ length: 100 }, (_, i) => `c${i}`),
  );
  expect(many).toMatchObject({ values: { length: 30 } });
});
