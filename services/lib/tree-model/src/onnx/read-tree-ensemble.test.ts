import { type FixtureAttribute, onnxFixture } from "@bellwether/testing/onnx-fixture";
import { expect, test } from "vitest";
import { evaluateRows } from "../trees/evaluate.ts";
import { ImportRejectedError } from "../trees/import-rejected-error.ts";
import { readOnnxTreeModel } from "./read-tree-ensemble.ts";

/**
 * x0 ≤ 0.5 (missing goes left) → 1, else x1 ≤ −2 → 10, else 100. Covers: 6 rows at the root, 4 at the first
 * leaf, 1 at each other.
 */
const ATTRIBUTES: Readonly<Record<string, FixtureAttribute>> = {
  n_targets: { int: 1 },
  base_values: { floats: [0.25] },
  nodes_treeids: { ints: [0, 0, 0, 0, 0] },
  nodes_nodeids: { ints: [0, 1, 2, 3, 4] },
  nodes_featureids: { ints: [0, 0, 1, 0, 0] },
  nodes_modes: { texts: ["BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"] },
  nodes_values: { floats: [0.5, 0, -2, 0, 0] },
  nodes_truenodeids: { ints: [1, 0, 3, 0, 0] },
  nodes_falsenodeids: { ints: [2, 0, 4, 0, 0] },
  nodes_missing_value_tracks_true: { ints: [1, 0, 0, 0, 0] },
  nodes_hitrates: { floats: [6, 4, 2, 1, 1] },
  target_treeids: { ints: [0, 0, 0] },
  target_nodeids: { ints: [1, 3, 4] },
  target_ids: { ints: [0, 0, 0] },
  target_weights: { floats: [1, 10, 100] },
};

function modelFile(attributes: Readonly<Record<string, FixtureAttribute>> = {}, metadata: Record<string, string> = {}) {
  const opType = "TreeEnsembleRegressor";
  return onnxFixture({
    nodes: [{ opType, inputs: ["features"], outputs: ["margin"], attributes: { ...ATTRIBUTES, ...attributes } }],
    inputs: [{ name: "features", columns: 2 }],
    outputs: [{ name: "margin", columns: 1 }],
    metadata,
  });
}

test("reads the tree, the tensor names and the base value", () => {
  const { model, inputName, outputName } = readOnnxTreeModel(modelFile());
  expect({ inputName, outputName }).toEqual({ inputName: "features", outputName: "margin" });
  const rows = Float32Array.of(0.5, 0, Number.NaN, 0, 1, -2, 1, Number.NaN);
  expect([...evaluateRows(model, rows)]).toEqual([1.25, 1.25, 10.25, 100.25]);
});

test("treats hit rates as covers only when the file declares them as covers", () => {
  expect(readOnnxTreeModel(modelFile()).model.hasCovers).toBe(false);
  const { model } = readOnnxTreeModel(modelFile({}, { "bellwether.covers": "training" }));
  expect(model.hasCovers).toBe(true);
  expect([...(model.trees[0]?.cover ?? [])]).toEqual([6, 4, 2, 1, 1]);
});

test.each([
  ["a child that does not exist", { nodes_falsenodeids: { ints: [2, 0, 9, 0, 0] } }, /no node 9/],
  ["a cycle", { nodes_falsenodeids: { ints: [2, 0, 0, 0, 0] } }, /two ways/],
  ["a child of two parents", { nodes_falsenodeids: { ints: [2, 0, 1, 0, 0] } }, /two ways/],
  ["a threshold that is not a number", { nodes_values: { floats: [Number.NaN, 0, -2, 0, 0] } }, /NaN/],
  ["an infinite leaf", { target_weights: { floats: [1, Number.POSITIVE_INFINITY, 100] } }, /Infinity/],
  ["a column that the input lacks", { nodes_featureids: { ints: [0, 0, 2, 0, 0] } }, /column 2/],
  ["a list that is too short", { nodes_values: { floats: [0.5, 0] } }, /nodes_values has 2 entries but needs 5/],
] as const)("refuses %s", (_, attribute, reason) => {
  const read = () => readOnnxTreeModel(modelFile(attribute));
  expect(read).toThrow(ImportRejectedError);
  expect(read).toThrow(reason);
});
