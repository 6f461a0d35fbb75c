import { expect, test } from "vitest";
import type { BundleFeature } from "../bundle/feature-bundle.ts";
import { countsForMinimum, fillerOf, isRequired, leastFeatures } from "./missing-features.ts";

const feature = (over: Partial<BundleFeature>): BundleFeature => ({
  ...{ name: "delay", kind: "numeric", unit: "", range: null, direction: "unknown", monotone: false, immutable: false },
  ...{ missing: "keep", training: { min: 0, max: 9, median: 4 }, categories: [], ...over },
});
const bundle = (minimumPresent: number, features: number) => ({
  minimumPresent,
  features: Array.from({ length: features }, () => feature({})),
});

test("a missing number is the median where the policy says so, else the code of other categories, else NaN", () => {
  expect(fillerOf(feature({ missing: "median" }))).toBe(4);
  expect(fillerOf(feature({ missing: "median", training: null }))).toBeNaN();
  expect(fillerOf(feature({ missing: "keep" }))).toBeNaN();
  expect(fillerOf(feature({ codes: { values: [0, 1], labels: ["DE", "FR"], other: -1 } }))).toBe(-1);
  expect(fillerOf(feature({ codes: { values: [0, 1], labels: ["DE", "FR"], other: null } }))).toBeNaN();
});

test("only the policy that refuses makes a feature required", () => {
  expect((["keep", "median", "refuse"] as const).map((missing) => isRequired(feature({ missing })))).toEqual([
    ...[false, false, true],
  ]);
});

test("the share of known features that a score needs is rounded up, but not for the error of a decimal", () => {
  expect(leastFeatures(bundle(0.5, 7))).toBe(4);
  expect(leastFeatures(bundle(0.28, 25))).toBe(7);
  expect(leastFeatures(bundle(0.3333333333, 3))).toBe(1);
});

test("a feature without points does not count for that share", () => {
  const unused = feature({ unused: true });
  expect([unused, feature({})].map(countsForMinimum)).toEqual([false, true]);
  expect(leastFeatures({ minimumPresent: 0.5, features: [feature({}), feature({}), unused, unused, unused] })).toBe(1);
  expect(leastFeatures({ minimumPresent: 1, features: [unused] })).toBe(0);
});
