import { foreignModels } from "@bellwether/testing/foreign-models";
import { runOnnx } from "@bellwether/testing/run-onnx";
import { readOnnxTreeModel } from "@bellwether/tree-model/onnx/read-tree-ensemble";
import { createExplainer } from "@bellwether/tree-model/shap/explainer";
import { treeShap } from "@bellwether/tree-model/shap/tree-shap";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import { describe, expect, test } from "vitest";
import { pickColumn, predictRows } from "./checks/agreement.ts";
import { importModel } from "./import-model.ts";
import { readSourceModel } from "./source/source-model.ts";

const task = { modelName: "imported", background: null, riskClass: null, runOnnx };
const files = foreignModels();
const readable = files.filter((file) => file.rows !== null);

/** Returns the largest difference relative to max(1, |due|). */
function difference(found: ArrayLike<number>, due: readonly number[]): number {
  return Math.max(
    ...due.map((value, at) => Math.abs((found[at] ?? Number.NaN) - value) / Math.max(1, Math.abs(value))),
  );
}

describe.each(readable.map((file) => [file.name, file] as const))("%s", (_, file) => {
  const source = readSourceModel(file.bytes);
  const { model } = source;

  test("has the predictions of its trainer", () => {
    for (const [at, row] of (file.rows ?? []).entries()) {
      const due = file.predictions[at] ?? [];
      const found = predictRows(model, row);
      // A binary model has one output, that of its second class. The outputs of a forest of several classes
      // need not add up to one.
      const shown = found.length === due.length ? due : due.slice(-1);
      expect(difference(found, shown)).toBeLessThan(2e-6);
    }
  });

  test("is imported, and the written file has the outputs of the read model", async () => {
    const imported = await importModel({ ...task, bytes: file.bytes });
    if (imported.status === "rejected") throw new Error(imported.reason);
    expect(imported.agreement.rows).toBeGreaterThan(250);
    expect(imported.agreement.maxRelativeDifference).toBeLessThan(1e-6);
    const written = readOnnxTreeModel(imported.onnx);
    expect(written.model.hasCovers).toBe(model.hasCovers);
    for (const golden of imported.bundle.golden) {
      const row = Float32Array.from(golden.row, (x) => x ?? Number.NaN);
      const [answer = Number.NaN] = pickColumn(
        predictRows(written.model, row),
        written.model.outputs,
        written.classColumn,
      );
      expect(difference([answer], [golden.output])).toBeLessThan(1e-6);
    }
  });

  const { contributions } = file;
  if (contributions === null) return;
  test("has the contributions of its trainer", () => {
    const { features, outputs } = model;
    const explainer = createExplainer(model);
    for (const [at, row] of (file.rows ?? []).entries()) {
      const due = contributions[at] ?? [];
      const oracle = treeShap(model, row);
      const kernel = explainer.explain(row, 1);
      const scale = Math.max(1, ...evaluateRows(model, row).map(Math.abs));
      // XGBoost sums in float32, LightGBM in float64.
      const tolerance = file.trainer === "LightGBM" ? 1e-9 : 2e-6;
      for (let k = 0; k < outputs; k++) {
        const expectedValue = due[k * (features + 1) + features] ?? Number.NaN;
        expect(Math.abs((oracle.baseValue[k] ?? Number.NaN) - expectedValue) / scale).toBeLessThan(tolerance);
        for (let f = 0; f < features; f++) {
          const contribution = due[k * (features + 1) + f] ?? Number.NaN;
          const found = oracle.contributions[k * features + f] ?? Number.NaN;
          expect(Math.abs(found - contribution) / scale).toBeLessThan(tolerance);
          expect(Math.abs((kernel[k * features + f] ?? Number.NaN) - contribution) / scale).toBeLessThan(5e-6);
        }
      }
    }
  });
});
