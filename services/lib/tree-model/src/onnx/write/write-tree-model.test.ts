import { createRandom } from "@bellwether/risk-model/random";
import { trainBoosting } from "@bellwether/risk-model/trainer/train-boosting";
import { ort } from "@bellwether/scoring/runtime/load-onnxruntime";
import { modelAndRows } from "@bellwether/testing/random-tree-model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { evaluateRows } from "../../trees/evaluate.ts";
import type { TreeModel } from "../../trees/tree-model.ts";
import { readOnnxTreeModel } from "../read-tree-ensemble.ts";
import { SetSplitExportError, writeOnnxTreeModel } from "./write-tree-model.ts";

const COLUMNS = 6;
const random = createRandom(11);
const ROWS = 1_500;
const values = new Float32Array(ROWS * COLUMNS).map(() => (random.uniform() < 0.05 ? Number.NaN : random.normal()));
const labels = new Uint8Array(ROWS).map((_, i) => ((values[i * COLUMNS] ?? 0) + random.normal() > 0.5 ? 1 : 0));
const model = trainBoosting(
  { values, rows: ROWS, columns: COLUMNS, labels },
  {
    kind: "gradient_boosting",
    trees: 50,
    maxDepth: 5,
    learningRate: 0.1,
    l2: 1,
    minChildWeight: 1,
    subsample: 1,
    columnSample: 1,
    classWeight: "none",
    earlyStopping: null,
  },
  1,
);

test("ONNX Runtime agrees with our evaluation, also for missing values and rows on thresholds", async () => {
  const onThreshold = values.slice(0, 300 * COLUMNS);
  const thresholds = model.trees.flatMap((tree) =>
    [...tree.threshold].map((t, node) => ({ t, column: tree.feature[node] ?? -1 })),
  );
  for (let row = 0; row < 300; row++) {
    const { t, column } = thresholds[random.below(thresholds.length)] ?? { t: 0, column: -1 };
    if (column >= 0) onThreshold[row * COLUMNS + column] = t;
  }
  const session = await ort.InferenceSession.create(writeOnnxTreeModel(model), { intraOpNumThreads: 1 });
  for (const rows of [values, onThreshold]) {
    const n = rows.length / COLUMNS;
    const { output } = await session.run({ input: new ort.Tensor("float32", rows, [n, COLUMNS]) });
    const ours = evaluateRows(model, rows);
    for (let i = 0; i < n; i++) {
      const mine = ours[i] ?? Number.NaN;
      expect(Math.abs(Number(output?.data[i]) - mine)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(mine)));
    }
  }
});

test("the file reads back to the same trees and covers, and equal models give equal bytes", () => {
  const bytes = writeOnnxTreeModel(model);
  expect(writeOnnxTreeModel(model)).toEqual(bytes);
  const back = readOnnxTreeModel(bytes).model;
  expect(back.hasCovers).toBe(true);
  const probe = values.subarray(0, 100 * COLUMNS);
  expect(evaluateRows(back, probe)).toEqual(evaluateRows(model, probe));
  const covers = (trees: typeof model.trees) => trees.map((tree) => tree.cover.toSorted());
  expect(covers(back.trees)).toEqual(covers(model.trees));
});

/** Returns the outputs of the runtime, row-major. */
async function runtimeOutputs(bytes: Uint8Array, rows: Float32Array, n: number, columns: number) {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const { output } = await session.run({ input: new ort.Tensor("float32", rows, [n, columns]) });
  await session.release();
  return output;
}

const withoutSets = (drawn: TreeModel): TreeModel => ({
  ...drawn,
  trees: drawn.trees.map((tree) => ({ ...tree, members: new Map() })),
});

test("ONNX Runtime agrees with our evaluation for any model of threshold splits, also with several outputs", async () => {
  await fc.assert(
    fc.asyncProperty(
      modelAndRows({ maxFeatures: 4, maxOutputs: 3, maxTrees: 4, maxDepth: 4 }, 8),
      async ({ model: drawn, rows, n }) => {
        const made = withoutSets(drawn);
        const output = await runtimeOutputs(writeOnnxTreeModel(made), rows, n, made.features);
        expect(output?.dims).toEqual([n, made.outputs]);
        for (const [i, ours] of evaluateRows(made, rows).entries())
          expect(Math.abs(Number(output?.data[i]) - ours)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(ours)));
      },
    ),
  );
});

test("rejects a set split, because the operator has no node for it", () => {
  const [tree] = model.trees;
  if (tree === undefined) throw new Error("the model has no tree");
  const members = new Map([[0, Float32Array.of(1, 2)]]);
  expect(() => writeOnnxTreeModel({ ...model, trees: [{ ...tree, members }] })).toThrow(SetSplitExportError);
});

test("the file declares its hit rates as covers, and has no hit rates when the model has no covers", () => {
  const text = (of: typeof model) => Buffer.from(writeOnnxTreeModel(of)).toString("latin1");
  expect(text(model)).toContain("bellwether.covers");
  expect(text({ ...model, hasCovers: false })).not.toContain("bellwether.covers");
});
