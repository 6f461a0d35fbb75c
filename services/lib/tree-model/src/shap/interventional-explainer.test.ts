import { bruteForceShap, interventionalExpectation } from "@bellwether/testing/brute-force-shap";
import { modelAndRows } from "@bellwether/testing/random-tree-model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { evaluateRows } from "../trees/evaluate.ts";
import type { TreeModel } from "../trees/tree-model.ts";
import { createInterventionalExplainer } from "./interventional-explainer.ts";
import { InterventionalRejectedError } from "./interventional-rejected-error.ts";

/** Returns a chain in which each node splits another feature. */
function chain(depth: number): TreeModel {
  const count = 2 * depth + 1;
  const inner = (node: number): boolean => node % 2 === 0 && node < 2 * depth;
  const nodes = Array.from({ length: count }, (_, node) => node);
  return {
    features: depth,
    outputs: 1,
    trees: [
      {
        feature: Int32Array.from(nodes, (node) => (inner(node) ? node / 2 : -1)),
        threshold: new Float32Array(count),
        left: Int32Array.from(nodes, (node) => (inner(node) ? node + 1 : -1)),
        right: Int32Array.from(nodes, (node) => (inner(node) ? node + 2 : -1)),
        defaultLeft: new Uint8Array(count),
        cover: new Float64Array(count),
        value: Float64Array.from(nodes, (node) => (inner(node) ? 0 : node)),
        members: new Map(),
      },
    ],
    base: new Float64Array(1),
    link: "identity",
    hasCovers: false,
  };
}

test("equals the definition over all subsets of features and all background rows", () => {
  fc.assert(
    fc.property(modelAndRows({ maxFeatures: 6, maxOutputs: 2, maxTrees: 3, maxDepth: 5 }, 9), ({ model, rows, n }) => {
      // The first row is explained against the others, or against itself when it is the only row.
      const background = n === 1 ? rows : rows.subarray(model.features);
      const count = Math.max(1, n - 1);
      const row = rows.subarray(0, model.features);
      const expectation = interventionalExpectation(
        (mixed, k) => evaluateRows(model, mixed)[k] ?? Number.NaN,
        row,
        background,
        count,
      );
      const exact = bruteForceShap(model.features, model.outputs, expectation);
      const explainer = createInterventionalExplainer(model, background, count);
      for (const [at, value] of explainer.explain(row, 1).entries()) {
        expect(Math.abs(value - (exact[at] ?? Number.NaN))).toBeLessThan(1e-6);
      }
      for (const [k, value] of explainer.baseValue.entries()) expect(value).toBeCloseTo(expectation(0, k), 9);
    }),
    { seed: 21, numRuns: 200 },
  );
});

test("names its kind of explanation and its background", () => {
  const { explanation, background, version } = createInterventionalExplainer(chain(8), new Float32Array(16), 2);
  expect({ explanation, background, version }).toEqual({
    explanation: "interventional",
    background: "2 background rows",
    version: "interventional/1",
  });
});

test("accepts 8 features on a path and rejects 9 with the reason", () => {
  expect(() => createInterventionalExplainer(chain(8), new Float32Array(8), 1)).not.toThrow();
  expect(() => createInterventionalExplainer(chain(9), new Float32Array(9), 1)).toThrow(
    "a path of the model names 9 features, interventional explanation takes at most 8",
  );
});

test("rejects an empty background", () => {
  expect(() => createInterventionalExplainer(chain(2), new Float32Array(0), 0)).toThrow(InterventionalRejectedError);
});
