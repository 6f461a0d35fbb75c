import { float32AtMost } from "@bellwether/tree-model/trees/float32";
import type { Tree, TreeModel } from "@bellwether/tree-model/trees/tree-model";
import { expect, test } from "vitest";
import { columnThresholds } from "./column-thresholds.ts";
import { numberOptions, type PresentNumber } from "./number-options.ts";
import type { ResolvedLimit } from "./resolve-limits.ts";
import { multipleAtLeast, multipleAtMost, shortNumber } from "./short-number.ts";

/** A model with one column, which is compared with each threshold. */
function modelOf(thresholds: readonly number[]): TreeModel {
  const treeOf = (threshold: number): Tree => ({
    feature: Int32Array.of(0, -1, -1),
    threshold: Float32Array.of(threshold, 0, 0),
    left: Int32Array.of(1, -1, -1),
    right: Int32Array.of(2, -1, -1),
    defaultLeft: new Uint8Array(3),
    cover: new Float64Array(3),
    value: Float64Array.of(0, 1, 2),
    members: new Map(),
  });
  const trees = thresholds.map(treeOf);
  return { features: 1, outputs: 1, trees, base: new Float64Array(1), link: "logistic", hasCovers: false };
}

const ANY: ResolvedLimit = {
  ...{ fixed: null, min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY },
  ...{ direction: "any", step: null, cost: 1 },
};

function optionsOf(
  thresholds: readonly number[],
  value: number,
  limit: Partial<ResolvedLimit> = {},
  over: Partial<PresentNumber> = {},
) {
  const { round = Math.fround } = over;
  const [column] = columnThresholds(modelOf(thresholds), round);
  if (column === undefined) throw new Error("the model has no column");
  const present = { value, single: round(value), low: -3e38, high: 3e38, round, scale: 10, ...over };
  return numberOptions(column, present, { ...ANY, ...limit });
}
const numbersOf = (...asked: Parameters<typeof optionsOf>) => optionsOf(...asked).numbers;

test("each interval has the number nearest to the present one, with as few digits as its float32 needs", () => {
  expect(numbersOf([0.3, 0.7, 2], 1)).toEqual([0.3, 0.7, 1, 2.0000002]);
  expect(numbersOf([0.3, 0.7, 2], 5)).toEqual([0.3, 0.7, 2, 5]);
  expect(numbersOf([0.3, 0.7, 2], -1)).toEqual([-1, 0.30000004, 0.70000005, 2.0000002]);
  expect(numbersOf([], 5)).toEqual([5]);
});

test("a number on a threshold is at or below it", () => {
  expect(numbersOf([2, 4], 2)).toEqual([2, 2.0000002, 4.0000005]);
});

test("steps are multiples, and an interval without one has no option", () => {
  expect(numbersOf([0.3, 0.7, 2], 1, { step: 0.5 })).toEqual([0, 0.5, 1, 2.5]);
  expect(numbersOf([0.3, 0.35, 0.7], 1, { step: 0.1 })).toEqual([0.3, 0.7, 1]);
  expect(numbersOf([5.9999995], 7, { step: 1 })).toEqual([5, 7]);
});

test("ranges include both ends, also where the present number is outside", () => {
  expect(numbersOf([2, 4, 6], 5, { min: 3, max: 8 })).toEqual([4, 5, 6.0000005]);
  expect(numbersOf([2, 4, 6], 5, { min: 4, max: 6 })).toEqual([4, 5]);
  expect(numbersOf([2, 4, 6], 9, { min: 3, max: 5 })).toEqual([4, 5, 9]);
  expect(numbersOf([2, 4, 6], 1, { min: 3, max: 5 })).toEqual([1, 3, 4.0000005]);
  expect(numbersOf([2, 4, 6], 5, { min: 5, max: 5 })).toEqual([5]);
  expect(numbersOf([2], 1, {}, { high: 2 })).toEqual([1]);
});

test("a direction leaves only the options on its side", () => {
  expect(numbersOf([2, 4, 6], 5, { direction: "increase" })).toEqual([5, 6.0000005]);
  expect(numbersOf([2, 4, 6], 5, { direction: "decrease" })).toEqual([2, 4, 5]);
});

test("costs are shares of the scale, and 0 for the present number", () => {
  const { costs, current, singles } = optionsOf([2, 4], 5, { cost: 2 });
  expect([...costs].map((cost) => Number(cost.toFixed(9)))).toEqual([0.6, 0.2, 0]);
  expect(current).toBe(2);
  expect([...singles]).toEqual([2, 4, 5]);
});

test("where numbers are rounded down, an option is at or above its float32", () => {
  const below = numbersOf([0.3], 1, {}, { round: float32AtMost })[0] ?? Number.NaN;
  expect(float32AtMost(below)).toBe(Math.fround(0.3));
});

test("infinite thresholds have no number beyond them", () => {
  expect(numbersOf([Number.POSITIVE_INFINITY, 2], 1)).toEqual([1, 2.0000002]);
});

test("short numbers and multiples", () => {
  expect(shortNumber(Math.fround(0.1), Math.fround)).toBe(0.1);
  expect(shortNumber(16_777_216, Math.fround)).toBe(16_777_216);
  expect([multipleAtMost(0.3, 0.1), multipleAtLeast(0.3, 0.1)]).toEqual([0.3, 0.3]);
  expect([multipleAtMost(0.29, 0.1), multipleAtLeast(0.31, 0.1)]).toEqual([0.2, 0.4]);
});
