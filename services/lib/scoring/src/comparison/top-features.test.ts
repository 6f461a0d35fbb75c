import { expect, test } from "vitest";
import { featureColumns, topFeatures } from "./top-features.ts";

const columns = featureColumns({
  columns: [
    { kind: "numeric", feature: "a" },
    { kind: "category", feature: "region", category: "EU" },
    { kind: "category", feature: "region", category: "US" },
    { kind: "numeric", feature: "b" },
    { kind: "numeric", feature: "c" },
  ],
});
const top = (...contributions: number[]) => topFeatures(columns, Float32Array.from(contributions));

test("the columns of a category are one feature, and equal magnitudes are in the order of the model", () => {
  expect(top(0.5, 0.4, 0.2, -0.55, 0.1)).toEqual(["region", "b", "a"]);
  expect(top(0.5, 0.25, 0.25, -0.5, 0.5)).toEqual(["a", "region", "b"]);
});

test("features that contribute nothing are no reasons", () => {
  expect(top(0, 0.3, -0.3, 0, -1)).toEqual(["c"]);
  expect(top(0, 0, 0, 0, 0)).toEqual([]);
  expect(top(Number.NaN, 0, 0, 1, 0)).toEqual(["b"]);
});
