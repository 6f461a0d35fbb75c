import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import type { BoostingSpec, ForestSpec } from "../spec/model-spec.ts";
import { evaluateRows } from "../trees/evaluate.ts";
import type { TreeModel } from "../trees/tree-model.ts";
import { type TrainingRows, trainBoosting } from "./train-boosting.ts";
import { trainForest } from "./train-forest.ts";

const COLUMNS = 5;
const boosting: BoostingSpec = {
  kind: "gradient_boosting",
  trees: 40,
  maxDepth: 4,
  learningRate: 0.2,
  l2: 1,
  minChildWeight: 1,
  subsample: 0.8,
  columnSample: 0.8,
};
const forest: ForestSpec = { kind: "random_forest", trees: 30, maxDepth: 0, minLeaf: 2, columnSample: 0.5 };

/** Label: column 0 above 0.3, or column 1 missing. */
function madeRows(seed: number, rows = 2_000): TrainingRows {
  const random = createRandom(seed);
  const values = new Float32Array(rows * COLUMNS).map(() => random.normal());
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    if (random.uniform() < 0.1) values[row * COLUMNS + 1] = Number.NaN;
    labels[row] = (values[row * COLUMNS] ?? 0) > 0.3 || Number.isNaN(values[row * COLUMNS + 1]) ? 1 : 0;
  }
  return { values, rows, columns: COLUMNS, labels };
}
const accuracy = (model: TreeModel, data: TrainingRows, limit: number): number =>
  evaluateRows(model, data.values).reduce((sum, out, i) => sum + (out > limit === (data.labels[i] === 1) ? 1 : 0), 0) /
  data.rows;

for (const [name, train, limit] of [
  ["boosting", () => trainBoosting(madeRows(1), boosting, 7), 0],
  ["forest", () => trainForest(madeRows(1), forest, 7), 0.5],
] as const) {
  test(`${name} learns a threshold and a missing value on rows it never saw`, () => {
    expect(accuracy(train(), madeRows(2), limit)).toBeGreaterThan(0.97);
  });

  test(`${name} grows the same trees from the same seed`, () => {
    expect(train()).toEqual(train());
  });

  test(`${name} keeps covers that add up and float32 thresholds and leaves`, () => {
    for (const tree of train().trees) {
      for (let node = 0; node < tree.feature.length; node++) {
        expect(Math.fround(tree.value[node] ?? 0)).toBe(tree.value[node]);
        if ((tree.feature[node] ?? -1) < 0) continue;
        expect((tree.cover[tree.left[node] ?? 0] ?? 0) + (tree.cover[tree.right[node] ?? 0] ?? 0)).toBe(
          tree.cover[node],
        );
      }
    }
  });
}

test("a forest's output is a probability", () => {
  for (const p of evaluateRows(trainForest(madeRows(3), forest, 1), madeRows(4).values)) {
    expect(p).toBeGreaterThanOrEqual(0);
    expect(p).toBeLessThanOrEqual(1 + 1e-6);
  }
});

test("constant and all-missing columns are never split on", () => {
  const data = madeRows(5, 300);
  for (let row = 0; row < data.rows; row++) {
    data.values[row * COLUMNS + 2] = 4;
    data.values[row * COLUMNS + 3] = Number.NaN;
  }
  const used = new Set(trainBoosting(data, boosting, 1).trees.flatMap((tree) => [...tree.feature]));
  expect(used.has(2)).toBe(false);
  expect(used.has(3)).toBe(false);
});
