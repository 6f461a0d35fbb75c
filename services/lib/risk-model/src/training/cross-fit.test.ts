import type { BoostingSpec, ModelSpec } from "@bellwether/config/model-spec";
import { generateDemo } from "@bellwether/demo-data/generate-demo";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import { stagedLogLoss } from "@bellwether/tree-model/trees/staged-log-loss";
import { describe, expect, test } from "vitest";
import { DEMO_TABLE_SPEC, demoTable } from "../../test/demo-table-fixture.ts";
import { crossFit } from "./cross-fit.ts";
import { type FitTask, fitModel } from "./fit-model.ts";
import { supplierFolds, timeFolds } from "./folds.ts";

const made = demoTable(generateDemo({ suppliers: 800, transactions: 800 }, 3));
/** Twenty months of forty suppliers each. */
const table = {
  ...made,
  labels: made.labels ?? new Uint8Array(),
  supplierIds: made.supplierIds.map((_, i) => `s${i % 40}`),
  asOfDays: Int32Array.from({ length: made.rows }, (_, i) => 30 * Math.floor(i / 40)),
};
const rows = Uint32Array.from({ length: made.rows }, (_, row) => row);
const trainer: BoostingSpec = { ...(DEMO_TABLE_SPEC.trainer as BoostingSpec), trees: 30, minChildWeight: 1 };
/** Evaluates the fitted trees without ONNX Runtime, which these tests are not about. */
const task = (over: Partial<BoostingSpec> = {}): FitTask => ({
  table,
  spec: { ...DEMO_TABLE_SPEC, trainer: { ...trainer, ...over } } satisfies ModelSpec,
  configHash: "",
  runOnnx: async (_, values, n) => Float32Array.from({ length: n }, (_, i) => values[i] ?? 0),
});

describe("folds", () => {
  test("by supplier: each row is held out once, and no supplier is on both sides", () => {
    const folds = supplierFolds(table, rows, 1);
    expect(folds).toHaveLength(5);
    expect(folds.flatMap((fold) => [...fold.held]).sort((a, b) => a - b)).toEqual([...rows]);
    for (const { train, held } of folds) {
      const trained = new Set(Array.from(train, (row) => table.supplierIds[row]));
      expect(Array.from(held).some((row) => trained.has(table.supplierIds[row]))).toBe(false);
    }
  });

  test("by time: the label windows of training rows end before the first held-out row", () => {
    const split = { ...DEMO_TABLE_SPEC.split, by: "time" as const, horizonDays: 45, gapDays: 10 };
    const folds = timeFolds(table, rows, split);
    expect(folds).toHaveLength(4);
    for (const { train, held } of folds) {
      const first = Math.min(...Array.from(held, (row) => table.asOfDays[row] ?? 0));
      for (const row of train) expect((table.asOfDays[row] ?? 0) + 55).toBeLessThanOrEqual(first);
    }
    expect(timeFolds({ ...table, asOfDays: null }, rows, split)).toEqual([]);
  });
});

test("every row is scored once, by a model that was not trained on its supplier", async () => {
  const fit = await crossFit(task(), supplierFolds(table, rows, 1), null);
  expect([...fit.rows].sort((a, b) => a - b)).toEqual([...rows]);
  expect(fit.labels).toEqual(Uint8Array.from(fit.rows, (row) => table.labels[row] ?? 0));
  expect(fit.trees).toBe(30);
});

test("a fold whose training rows have one class is left out", async () => {
  const oneClass = { train: rows.filter((row) => table.labels[row] === 0), held: rows.filter((row) => row < 10) };
  const sound = { train: rows.filter((row) => row >= 10), held: rows.filter((row) => row < 10) };
  expect((await crossFit(task(), [oneClass, sound], null)).rows).toHaveLength(10);
});

test("early stopping keeps the number of trees after which the held-out loss does not improve", async () => {
  const steps = { learningRate: 1, maxDepth: 6, earlyStopping: { patience: 10 } };
  const { trees } = await crossFit(task(steps), supplierFolds(table, rows, 1), null);
  expect(trees).toBeLessThan(30);
  expect((await crossFit(task({ ...steps, earlyStopping: null }), supplierFolds(table, rows, 1), null)).trees).toBe(30);
});

test("the staged log loss of the last tree is that of the whole model", () => {
  const model = fitModel(task(), rows);
  const values = model.valuesOf(rows);
  const margins = evaluateRows(model.treeModel, values);
  const loss =
    margins.reduce((sum, z, i) => sum + Math.log1p(Math.exp(table.labels[i] === 1 ? -z : z)), 0) / rows.length;
  const staged = stagedLogLoss(model.treeModel, values, table.labels);
  expect(staged).toHaveLength(30);
  expect(staged.at(-1)).toBeCloseTo(loss, 9);
  expect(model.truncated(7).treeModel.trees).toHaveLength(7);
});

test.each(["gradient_boosting", "random_forest"] as const)(
  "%s: class weights increase the margins, and covers still count rows",
  (kind) => {
    const spec = (classWeight: "none" | "balanced" | number): FitTask => ({
      ...task(),
      spec: {
        ...DEMO_TABLE_SPEC,
        trainer:
          kind === "gradient_boosting"
            ? { ...trainer, classWeight }
            : { kind, trees: 20, maxDepth: 6, minLeaf: 5, columnSample: 0.5, classWeight },
      },
    });
    const meanOf = (weight: "none" | "balanced" | number) => {
      const { treeModel, valuesOf } = fitModel(spec(weight), rows);
      for (const tree of treeModel.trees) expect(Number.isInteger(tree.cover[0])).toBe(true);
      const outputs = evaluateRows(treeModel, valuesOf(rows));
      return outputs.reduce((sum, output) => sum + output, 0) / outputs.length;
    };
    expect(meanOf("balanced")).toBeGreaterThan(meanOf("none") + 0.05);
    expect(meanOf(1)).toBe(meanOf("none"));
  },
);
