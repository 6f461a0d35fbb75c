import { bruteForceShap, pathDependentExpectation } from "@bellwether/testing/brute-force-shap";
import { modelAndRows } from "@bellwether/testing/random-tree-model";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Tree, TreeModel } from "../trees/tree-model.ts";
import { NoCoversError } from "./no-covers-error.ts";
import { treeShap } from "./tree-shap.ts";

const drawn = modelAndRows({ maxFeatures: 6, maxOutputs: 3, maxTrees: 3, maxDepth: 5 }, 3);

function eachRow(features: number, rows: Float32Array): Float32Array[] {
  return Array.from({ length: rows.length / features }, (_, i) => rows.subarray(i * features, (i + 1) * features));
}

function expectClose(actual: Float64Array, wanted: Float64Array): void {
  expect(actual.length).toBe(wanted.length);
  for (const [i, value] of actual.entries()) expect(Math.abs(value - (wanted[i] ?? Number.NaN))).toBeLessThan(1e-9);
}

test("equals the definition over all subsets of features", () => {
  fc.assert(
    fc.property(drawn, ({ model, rows }) => {
      for (const row of eachRow(model.features, rows)) {
        const expectation = pathDependentExpectation(model, row);
        expectClose(treeShap(model, row).contributions, bruteForceShap(model.features, model.outputs, expectation));
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("equals the definition at 12 features", () => {
  fc.assert(
    fc.property(modelAndRows({ maxFeatures: 12, maxOutputs: 1, maxTrees: 2, maxDepth: 9 }, 1), ({ model, rows }) => {
      const expectation = pathDependentExpectation(model, rows);
      expectClose(treeShap(model, rows).contributions, bruteForceShap(model.features, 1, expectation));
    }),
    { seed: 2, numRuns: 20 },
  );
});

test("efficiency: the base value plus the contributions is the prediction", () => {
  fc.assert(
    fc.property(drawn, ({ model, rows }) => {
      for (const row of eachRow(model.features, rows)) {
        const { baseValue, contributions } = treeShap(model, row);
        const predict = pathDependentExpectation(model, row);
        const sums = baseValue.map((base, k) =>
          contributions.subarray(k * model.features, (k + 1) * model.features).reduce((sum, phi) => sum + phi, base),
        );
        expectClose(
          sums,
          baseValue.map((_, k) => predict((1 << model.features) - 1, k)),
        );
      }
    }),
    { seed: 3, numRuns: 300 },
  );
});

test("dummy: a feature that no split names has a contribution of exactly 0", () => {
  fc.assert(
    fc.property(drawn, ({ model, rows }) => {
      const used = new Set(model.trees.flatMap((tree) => [...tree.feature]));
      for (const row of eachRow(model.features, rows)) {
        const { contributions } = treeShap(model, row);
        for (const [at, phi] of contributions.entries()) if (!used.has(at % model.features)) expect(phi).toBe(0);
      }
    }),
    { seed: 4, numRuns: 300 },
  );
});

test("symmetry: when two columns are exchanged, their contributions are exchanged", () => {
  fc.assert(
    fc.property(drawn, ({ model, rows }) => {
      const mirror = (j: number): number => (j < 0 ? j : model.features - 1 - j);
      const mirrored: TreeModel = {
        ...model,
        trees: model.trees.map((t) => ({ ...t, feature: t.feature.map(mirror) })),
      };
      for (const row of eachRow(model.features, rows)) {
        const { contributions } = treeShap(model, row);
        const other = treeShap(mirrored, row.toReversed()).contributions;
        expectClose(
          contributions.map((_, at) => other[at - (at % model.features) + mirror(at % model.features)] ?? Number.NaN),
          contributions,
        );
      }
    }),
    { seed: 5, numRuns: 300 },
  );
});

test("rejects a model without covers", () => {
  const leaf: Tree = {
    feature: Int32Array.of(-1),
    threshold: new Float32Array(1),
    left: Int32Array.of(-1),
    right: Int32Array.of(-1),
    defaultLeft: new Uint8Array(1),
    cover: new Float64Array(1),
    value: Float64Array.of(1),
    members: new Map(),
  };
  const model: TreeModel = {
    features: 1,
    outputs: 1,
    trees: [leaf],
    base: new Float64Array(1),
    link: "identity",
    hasCovers: false,
  };
  expect(() => treeShap(model, new Float32Array(1))).toThrow(NoCoversError);
});
