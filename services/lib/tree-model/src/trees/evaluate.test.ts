import { expect, test } from "vitest";
import { evaluateRows } from "./evaluate.ts";
import type { Tree, TreeModel } from "./tree-model.ts";

/** Root: column 0 ≤ 0.1, missing goes left. Its left child: column 1 ≤ 2, missing goes right. Two outputs. */
const tree: Tree = {
  feature: Int32Array.of(0, 1, -1, -1, -1),
  threshold: Float32Array.of(0.1, 2, 0, 0, 0),
  left: Int32Array.of(1, 3, -1, -1, -1),
  right: Int32Array.of(2, 4, -1, -1, -1),
  defaultLeft: Uint8Array.of(1, 0, 0, 0, 0),
  cover: new Float64Array(5),
  value: Float64Array.of(0, 0, 0, 0, 100, 200, 10, 20, 1, 2),
  members: new Map(),
};
const model: TreeModel = {
  features: 2,
  outputs: 2,
  trees: [tree, tree],
  base: Float64Array.of(0.5, -0.5),
  link: "logistic",
  hasCovers: false,
};
const outputs = (of: TreeModel, ...row: number[]) => [...evaluateRows(of, Float32Array.from(row))];

test("each output is the base plus the leaves of all trees, without the link", () => {
  expect(outputs(model, 1, 0)).toEqual([200.5, 399.5]);
});

test("a value equal to the threshold as float32 goes left", () => {
  expect(outputs(model, 0.1, 2)).toEqual([20.5, 39.5]);
  expect(outputs(model, 0.1, 2.0000002384185791)).toEqual([2.5, 3.5]);
});

test("a missing value follows the default direction of each node", () => {
  expect(outputs(model, Number.NaN, Number.NaN)).toEqual([2.5, 3.5]);
});

test("infinities are compared like other values", () => {
  expect(outputs(model, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY)).toEqual([20.5, 39.5]);
  expect(outputs(model, Number.POSITIVE_INFINITY, 0)).toEqual([200.5, 399.5]);
});

test("a set split sends members left", () => {
  const sets: TreeModel = { ...model, trees: [{ ...tree, members: new Map([[0, Float32Array.of(7, 9)]]) }] };
  expect(outputs(sets, 7, 0)).toEqual([10.5, 19.5]);
  expect(outputs(sets, 8, 0)).toEqual([100.5, 199.5]);
});

test("returns the outputs of each of several rows, and none for no rows", () => {
  expect([...evaluateRows(model, Float32Array.of(1, 0, 0, 0))]).toEqual([200.5, 399.5, 20.5, 39.5]);
  expect(evaluateRows(model, new Float32Array())).toHaveLength(0);
});
