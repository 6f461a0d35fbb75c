import type { BoostingSpec, ForestSpec } from "@bellwether/config/model-spec";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { trainBoosting } from "./train-boosting.ts";
import { trainForest } from "./train-forest.ts";
import type { TrainingRows } from "./training-rows.ts";

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
  classWeight: "none",
  earlyStopping: null,
};
const forest: ForestSpec = {
  kind: "random_forest",
  trees: 30,
  maxDepth: 0,
  minLeaf: 2,
  columnSample: 0.5,
  classWeight: "none",
};

/** The label is 1 when column 0 is above 0.3 or column 1 is missing. */
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

test("the first leaf is the Newton step of its rows", () => {
  const stump = trainBoosting(
    { values: Float32Array.of(0, 0, 0, 1, 1), rows: 5, columns: 1, labels: Uint8Array.of(0, 0, 1, 1, 1) },
    { ...boosting, trees: 1, maxDepth: 1, l2: 2, minChildWeight: 0, subsample: 1, columnSample: 1 },
    1,
  );
  const p = 1 / (1 + Math.exp(-(stump.base[0] ?? 0)));
  const tree = stump.trees[0];
  expect(p).toBeCloseTo(0.6, 6);
  expect(tree?.threshold[0]).toBe(0.5);
  expect(tree?.value[tree.left[0] ?? 0]).toBeCloseTo((-0.2 * (3 * p - 1)) / (3 * p * (1 - p) + 2), 6);
  expect(tree?.value[tree.right[0] ?? 0]).toBeCloseTo((-0.2 * (2 * p - 2)) / (2 * p * (1 - p) + 2), 6);
});

test("splits on a column whose only information is whether it is missing", () => {
  const data = madeRows(6, 400);
  for (let row = 0; row < data.rows; row++) {
    for (let c = 0; c < COLUMNS; c++) data.values[row * COLUMNS + c] = 1;
    if (data.labels[row] === 1) data.values[row * COLUMNS + 4] = Number.NaN;
  }
  expect(accuracy(trainBoosting(data, { ...boosting, columnSample: 1 }, 1), data, 0)).toBe(1);
});

test("leaves stay finite without shrinkage and limits", () => {
  const greedy = { ...boosting, trees: 200, learningRate: 1, l2: 0, minChildWeight: 0, maxDepth: 16 };
  for (const out of evaluateRows(trainBoosting(madeRows(8, 300), greedy, 1), madeRows(9, 300).values))
    expect(Number.isFinite(out)).toBe(true);
});

test("a forest of unlimited depth separates its own bootstrap rows", () => {
  const deep = trainForest(madeRows(3), { ...forest, minLeaf: 1 }, 1);
  expect(accuracy(deep, madeRows(3), 0.5)).toBeGreaterThan(0.99);
});

test("reports progress after each tree", () => {
  const reported: string[] = [];
  trainBoosting(madeRows(1, 50), { ...boosting, trees: 3 }, 1, (done, total) => reported.push(`${done}/${total}`));
  expect(reported).toEqual(["1/3", "2/3", "3/3"]);
});

test("never splits on constant columns and on columns that are always missing", () => {
  const data = madeRows(5, 300);
  for (let row = 0; row < data.rows; row++) {
    data.values[row * COLUMNS + 2] = 4;
    data.values[row * COLUMNS + 3] = Number.NaN;
  }
  const used = new Set(trainBoosting(data, boosting, 1).trees.flatMap((tree) => [...tree.feature]));
  expect(used.has(2)).toBe(false);
  expect(used.has(3)).toBe(false);
});
