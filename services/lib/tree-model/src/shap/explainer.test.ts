import { type ModelAndRows, modelAndRows } from "@bellwether/testing/random-tree-model";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Tree, TreeModel } from "../trees/tree-model.ts";
import { createExplainer } from "./explainer.ts";
import { NoCoversError } from "./no-covers-error.ts";
import { compileQuadrature } from "./quadrature-program.ts";
import { createScalarKernel } from "./scalar-kernel.ts";
import { treeShap } from "./tree-shap.ts";
import { createWasmKernel } from "./wasm-kernel.ts";

const drawn = modelAndRows({ maxFeatures: 9, maxOutputs: 3, maxTrees: 4, maxDepth: 7 }, 80);

/** Returns the largest difference from the float64 TreeSHAP, relative to the row's largest output. */
function largestError({ model, rows, n }: ModelAndRows, contributions: Float32Array): number {
  const { features, outputs } = model;
  let largest = 0;
  for (let r = 0; r < n; r++) {
    const exact = treeShap(model, rows.subarray(r * features, (r + 1) * features));
    for (let k = 0; k < outputs; k++) {
      const phi = exact.contributions.subarray(k * features, (k + 1) * features);
      const margin = phi.reduce((sum, value) => sum + value, exact.baseValue[k] ?? 0);
      for (const [j, value] of phi.entries()) {
        const error = Math.abs((contributions[(r * outputs + k) * features + j] ?? Number.NaN) - value);
        largest = Math.max(largest, error / Math.max(1, Math.abs(margin)));
      }
    }
  }
  return largest;
}

/** Returns a tree in which no path names a feature twice and each left child is a leaf. */
function chain(depth: number, features: number): Tree {
  const count = 2 * depth + 1;
  const inner = (node: number): boolean => node % 2 === 0 && node < 2 * depth;
  const each = <T>(pick: (node: number) => T): T[] => Array.from({ length: count }, (_, node) => pick(node));
  return {
    feature: Int32Array.from(each((node) => (inner(node) ? (node / 2) % features : -1))),
    threshold: new Float32Array(count),
    left: Int32Array.from(each((node) => (inner(node) ? node + 1 : -1))),
    right: Int32Array.from(each((node) => (inner(node) ? node + 2 : -1))),
    defaultLeft: new Uint8Array(count),
    cover: Float64Array.from(each((node) => (node % 2 === 1 ? 1 : depth + 1 - node / 2))),
    value: Float64Array.from(each((node) => (inner(node) ? 0 : Math.sin(node)))),
    members: new Map(),
  };
}

function modelOf(trees: readonly Tree[], features: number): TreeModel {
  return { features, outputs: 1, trees, base: Float64Array.of(0.25), link: "identity", hasCovers: true };
}

test("equals the float64 TreeSHAP on any tree", () => {
  fc.assert(
    fc.property(drawn, (sample) => {
      const explainer = createExplainer(sample.model);
      expect(largestError(sample, explainer.explain(sample.rows, sample.n))).toBeLessThan(1e-6);
    }),
    { seed: 11, numRuns: 150 },
  );
});

test("returns the same bits for single rows, for batches and without WebAssembly", () => {
  fc.assert(
    fc.property(drawn, ({ model, rows, n }) => {
      const program = compileQuadrature(model);
      const wasm = createWasmKernel(program);
      expect(wasm).not.toBeNull();
      const width = model.outputs * model.features;
      const batch = new Float32Array(n * width);
      const single = new Float32Array(n * width);
      const scalar = new Float32Array(n * width);
      wasm?.explain(rows, n, batch);
      for (let r = 0; r < n; r++) {
        const row = rows.subarray(r * model.features, (r + 1) * model.features);
        wasm?.explain(row, 1, single.subarray(r * width, (r + 1) * width));
      }
      createScalarKernel(program).explain(rows, n, scalar);
      expect(single).toEqual(batch);
      expect(scalar).toEqual(batch);
    }),
    { seed: 12, numRuns: 150 },
  );
});

/**
 * Returns rows that follow a chain to its end, rows that leave it at the root, and one that leaves it in the
 * middle.
 */
function chainRows(depth: number): Float32Array {
  return Float32Array.from({ length: 3 * depth }, (_, at) => (at < depth ? 1 : at < 2 * depth ? -1 : Math.cos(at)));
}

test.each([17, 24, 40])("stays exact when a path names %i features", (depth) => {
  const model = modelOf([chain(depth, depth)], depth);
  const rows = chainRows(depth);
  expect(largestError({ model, rows, n: 3 }, createExplainer(model).explain(rows, 3))).toBeLessThan(1e-6);
});

test.each([90, 300])(
  "adds up when a path names %i features, where TreeSHAP itself is numerically unstable",
  (depth) => {
    const explainer = createExplainer(modelOf([chain(depth, depth)], depth));
    const contributions = explainer.explain(chainRows(depth), 2);
    for (const [r, leaf] of [Math.sin(2 * depth), Math.sin(1)].entries()) {
      const phi = contributions.subarray(r * depth, (r + 1) * depth);
      expect(phi.reduce((sum, value) => sum + value, explainer.baseValue[0] ?? 0)).toBeCloseTo(0.25 + leaf, 5);
    }
  },
);

test("explains a tree of 20,000 levels", () => {
  const model = modelOf([chain(20_000, 5)], 5);
  const explainer = createExplainer(model);
  const rows = Float32Array.of(1, 1, 1, 1, 1, 1, 1, -1, 1, 1);
  const contributions = explainer.explain(rows, 2);
  const leaves = [Math.sin(40_000), Math.sin(5)];
  for (const [r, leaf] of leaves.entries()) {
    const sum = contributions
      .subarray(r * 5, (r + 1) * 5)
      .reduce((total, phi) => total + phi, explainer.baseValue[0] ?? 0);
    expect(sum).toBeCloseTo(0.25 + leaf, 5);
  }
});

test("a model whose trees are single leaves has contributions of 0", () => {
  const model = modelOf([chain(0, 1)], 3);
  const explainer = createExplainer(model);
  expect(explainer.explain(new Float32Array(9), 3)).toEqual(new Float32Array(9));
  expect([...explainer.baseValue]).toEqual([0.25 + Math.sin(0)]);
});

test("rejects a model without covers", () => {
  expect(() => createExplainer({ ...modelOf([chain(2, 2)], 2), hasCovers: false })).toThrow(NoCoversError);
});

test("rejects rows that are too short", () => {
  const explainer = createExplainer(modelOf([chain(2, 2)], 2));
  expect(() => explainer.explain(new Float32Array(3), 2)).toThrow("2 rows of 2 features: 3 values");
  expect(() => explainer.explain(new Float32Array(4), 2, new Float32Array(3))).toThrow("space for 3 values");
});
