import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { runOnnx } from "@bellwether/testing/run-onnx";
import { readTensor } from "@bellwether/tree-model/onnx/file/tensor";
import { createExplainer } from "@bellwether/tree-model/shap/explainer";
import { treeShap } from "@bellwether/tree-model/shap/tree-shap";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import { float32AtMost } from "@bellwether/tree-model/trees/float32";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { describe, expect, test } from "vitest";
import { predictRows } from "../src/checks/agreement.ts";
import { importModel } from "../src/import-model.ts";
import { readSourceModel, rowRounding } from "../src/source/source-model.ts";

/** Real models, kept outside of the repository. Without them these tests are skipped. */
const SHARED = path.resolve(import.meta.dirname, "../../../../../shared/data");
const isThere = existsSync(path.join(SHARED, "onnx-models"));
const read = (file: string): Uint8Array => new Uint8Array(readFileSync(path.join(SHARED, file)));
const readJson = <T>(file: string): T => JSON.parse(readFileSync(path.join(SHARED, file), "utf8")) as T;

/** Files that hold no tree model or are rejected, with a part of the correct reason. */
const REJECTED: readonly (readonly [string, RegExp])[] = [
  ["logreg_iris", /no tree model.*LinearClassifier/],
  ["sklearn_bin_voting_classifier_soft", /no tree model.*LinearClassifier/],
  ["zipmap_", /no tree model.*ZipMap/],
  ["array_feature_extractor", /no tree model.*ArrayFeatureExtractor/],
  ["ml_binarizer", /no tree model.*Binarizer/],
  ["label_encoder", /no tree model.*LabelEncoder/],
];

describe.skipIf(!isThere)("ONNX models of others (needs the shared data)", () => {
  const files = globSync("onnx-models/**/*.onnx", { cwd: SHARED }).sort();

  test.each(files)("%s is imported, or rejected with a correct reason", async (file) => {
    const task = { bytes: read(file), modelName: "shared", background: null, riskClass: null, runOnnx };
    const imported = await importModel(task);
    const due = REJECTED.find(([part]) => file.includes(part));
    if (due !== undefined)
      expect(imported).toMatchObject({ status: "rejected", reason: expect.stringMatching(due[1]) });
    else expect(imported).toMatchObject({ status: "imported" });
  });

  interface Answers {
    readonly rows: readonly { readonly x: (number | string)[] | Record<string, number>; readonly y: unknown[] }[];
  }
  const answered = globSync("onnx-models/**/*.expected.json", { cwd: SHARED }).sort();

  test.each(answered)("%s: our outputs are those of the runtime", (file) => {
    const { model, columns, classes } = readSourceModel(read(file.replace(".expected.json", "")));
    for (const { x, y } of readJson<Answers>(file).rows) {
      const cells = Array.isArray(x) ? x : columns.map((column) => x[column.name] ?? 0);
      const found = predictRows(model, Float32Array.from(cells, Number).subarray(0, model.features));
      const answers = [y.at(-1)].flat(3).map(Number);
      const due = found.length === 1 && classes !== null ? answers.slice(1) : answers;
      expect(found).toHaveLength(due.length);
      for (const [k, value] of due.entries()) {
        expect(Math.abs((found[k] ?? Number.NaN) - value) / Math.max(1, Math.abs(value))).toBeLessThan(1e-5);
      }
    }
  });

  const nodeTests = globSync("onnx-models/onnx-backend-node/*tree_ensemble*/", { cwd: SHARED }).sort();

  test.each(nodeTests)("%s: our outputs are those of the operator's own test", (folder) => {
    const { model } = readSourceModel(read(path.join(folder, "model.onnx")));
    const [input, output] = ["input_0.pb", "output_0.pb"].map((name) =>
      readTensor(read(path.join(folder, "test_data_set_0", name))),
    );
    const found = evaluateRows(model, Float32Array.from(input?.values ?? [], rowRounding(model)));
    expect([...found].map(Math.fround)).toEqual(output?.values.map(Math.fround));
  });
});

describe.skipIf(!isThere)("native models of others (needs the shared data)", () => {
  interface Shap {
    readonly model: string;
    readonly x: readonly (readonly (number | string | null)[])[];
    readonly raw_score: readonly (number | readonly number[])[];
    readonly shap_contrib_last_column_is_expected_value: readonly (readonly number[])[];
  }
  const explained = globSync("native-tree-models/*.shap.json", { cwd: SHARED }).sort();

  test.each(explained)("%s: scores and contributions equal those of LightGBM", (file) => {
    const shap = readJson<Shap>(file);
    const { model } = readSourceModel(read(path.join("native-tree-models", shap.model)));
    const { features, outputs } = model;
    const explainer = createExplainer(model);
    for (const [at, x] of shap.x.entries()) {
      const row = Float32Array.from(x, (cell) => (cell === null ? Number.NaN : float32AtMost(Number(cell))));
      const scores = [shap.raw_score[at] ?? Number.NaN].flat();
      const oracle = treeShap(model, row);
      const kernel = explainer.explain(row, 1);
      const due = shap.shap_contrib_last_column_is_expected_value[at] ?? [];
      for (const [k, score] of evaluateRows(model, row).entries()) {
        const scale = Math.max(1, Math.abs(score));
        expect(Math.abs(score - (scores[k] ?? Number.NaN)) / scale).toBeLessThan(1e-12);
        expect(
          Math.abs((oracle.baseValue[k] ?? Number.NaN) - (due[k * (features + 1) + features] ?? 0)) / scale,
        ).toBeLessThan(1e-9);
        let worstOracle = 0;
        let worstKernel = 0;
        for (let f = 0; f < features; f++) {
          const contribution = due[k * (features + 1) + f] ?? Number.NaN;
          worstOracle = Math.max(
            worstOracle,
            Math.abs((oracle.contributions[k * features + f] ?? Number.NaN) - contribution),
          );
          worstKernel = Math.max(worstKernel, Math.abs((kernel[k * features + f] ?? Number.NaN) - contribution));
        }
        expect(worstOracle / scale).toBeLessThan(1e-9);
        expect(worstKernel / scale).toBeLessThan(5e-6);
      }
    }
    expect(outputs).toBeGreaterThan(0);
  });

  test.each(["xgagaricus.model", "xgdermatology.model"])("%s is rejected: the old format is not documented", (file) => {
    const attempt = () => readSourceModel(read(path.join("native-tree-models", file)));
    expect(attempt).toThrow(ImportRejectedError);
    expect(attempt).toThrow(/old binary format/);
  });
});
