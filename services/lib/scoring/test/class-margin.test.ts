import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { importModel } from "@bellwether/model-import/import-model";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { readVersion, type StoredVersion } from "@bellwether/registry/versions/read-version";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import { foreignModels } from "@bellwether/testing/foreign-models";
import { runOnnx } from "@bellwether/testing/run-onnx";
import { readOnnxTreeModel } from "@bellwether/tree-model/onnx/read-tree-ensemble";
import { createInterventionalExplainer } from "@bellwether/tree-model/shap/interventional-explainer";
import { treeShap } from "@bellwether/tree-model/shap/tree-shap";
import { applyLinkToRows } from "@bellwether/tree-model/trees/apply-link";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scoreBatch } from "../src/batch/score-batch.ts";
import { explainChange } from "../src/change/explain-change.ts";
import { createModelChecker } from "../src/model/model-checker.ts";
import { openExplainer } from "../src/model/open-explainer.ts";
import { openScoringModel, type ScoringModel } from "../src/model/scoring-model.ts";
import { scoreSupplier } from "../src/score/score-supplier.ts";

const WITH_COVERS = ["xgboost-3.model"];
const WITHOUT_COVERS = ["xgboost-3.onnx", "lightgbm-3.onnx", "sklearn-boosting-3.onnx", "catboost-3.onnx"];

let root = "";
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "class-margin-"));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

const cell = (r: number, f: number): number => Math.fround(2 * Math.sin(5 * r + 3 * f));

/** Imports and publishes a file, with background rows when it has no covers. */
async function publish(file: string): Promise<StoredVersion> {
  const bytes = foreignModels().find(({ name }) => name === file)?.bytes ?? new Uint8Array();
  const task = { bytes, modelName: path.parse(file).name, riskClass: null, runOnnx };
  const first = await importModel({ ...task, background: null });
  if (first.status === "rejected") throw new Error(first.reason);
  const names = first.source.columns.map(({ name }) => name);
  const lines = Array.from({ length: 16 }, (_, r) => names.map((_, f) => cell(r, f)).join(","));
  const background = new TextEncoder().encode([names.join(","), ...lines].join("\n"));
  const imported = WITH_COVERS.includes(file) ? first : await importModel({ ...task, background });
  if (imported.status === "rejected") throw new Error(imported.reason);
  const { modelName } = imported.bundle;
  const about = { modelName, origin: "imported" as const, configHash: "", evaluation: null, now: new Date(0) };
  const { version } = await publishVersion(root, { ...imported, ...about }, async () => {});
  return await readVersion(root, modelName, version);
}

/** Returns a version with other files, as an earlier release wrote its manifest: without a digest of the features. */
function withFiles(stored: StoredVersion, files: Pick<StoredVersion, "onnx" | "bundleJson">): StoredVersion {
  const { interface: _, ...manifest } = stored.manifest;
  return { ...stored, ...files, manifest: { ...manifest, modelName: parseFeatureBundle(files.bundleJson).modelName } };
}

const rowsOf = (columns: number): Float32Array =>
  Float32Array.from({ length: 20 * columns }, (_, i) => cell(100 + Math.floor(i / columns), i % columns));

/** Contributions to the margin of the served class, float64, by the definition of the bundle's kind. */
function oracle(stored: StoredVersion, { bundle }: ScoringModel, row: Float32Array): { base: number; phi: number[] } {
  const { model, classColumn } = readOnnxTreeModel(stored.onnx);
  const k = classColumn ?? 0;
  const own = (values: ArrayLike<number>) => Array.from(values).slice(k * model.features, (k + 1) * model.features);
  if (bundle.explanation.kind !== "interventional") {
    const { baseValue, contributions } = treeShap(model, row);
    return { base: baseValue[k] ?? 0, phi: own(contributions) };
  }
  const background = Float32Array.from(bundle.explanation.rows.flat(), (x) => x ?? Number.NaN);
  const explainer = createInterventionalExplainer(model, background, bundle.explanation.rows.length);
  return { base: explainer.baseValue[k] ?? 0, phi: own(explainer.explain(row, 1)) };
}

describe.each([...WITH_COVERS, ...WITHOUT_COVERS])("three classes of %s", (file) => {
  test("contributions and base value add up to the margin of the served class, which the runtime returns", async () => {
    const stored = await publish(file);
    const model = await openScoringModel(stored);
    const { explainer, bundle } = model;
    if (explainer === null) throw new Error(bundle.explanation.background);
    expect([bundle.explains, bundle.outputSpace]).toEqual(["class-margin", "probability"]);
    const width = bundle.columns.length;
    const rows = rowsOf(width);
    const { outputs, margins } = await model.predict(rows, 20);
    const phi = explainer.explain(rows, 20);
    const trees = readOnnxTreeModel(stored.onnx);
    const sums = evaluateRows(trees.model, rows);
    const probabilities = applyLinkToRows("softmax", sums, trees.model.outputs);
    for (let r = 0; r < 20; r++) {
      const at = r * trees.model.outputs + (trees.classColumn ?? 0);
      const own = phi.subarray(r * width, (r + 1) * width);
      expect(margins[r]).toBeCloseTo(sums[at] ?? Number.NaN, 4);
      expect(outputs[r]).toBeCloseTo(probabilities[at] ?? Number.NaN, 5);
      expect(own.reduce((sum, part) => sum + part, explainer.baseValue)).toBeCloseTo(margins[r] ?? Number.NaN, 4);
      const due = oracle(stored, model, rows.subarray(r * width, (r + 1) * width));
      expect(explainer.baseValue).toBeCloseTo(due.base, 6);
      for (const [c, part] of due.phi.entries()) expect(own[c]).toBeCloseTo(part, 4);
    }
    await model.release();
  });

  test("a version that another thread has read answers bit for bit like one that is read here", async () => {
    const stored = await publish(file);
    await using checker = createModelChecker();
    const { prepared } = await checker.prepare(stored, null);
    const [here, there] = [await openScoringModel(stored), await openScoringModel(stored, prepared)];
    const rows = rowsOf(here.bundle.columns.length);
    expect(there.identity).toEqual(here.identity);
    expect(await there.predict(rows, 20)).toEqual(await here.predict(rows, 20));
    expect(there.explainer?.baseValue).toBe(here.explainer?.baseValue);
    expect(there.explainer?.explain(rows, 20)).toEqual(here.explainer?.explain(rows, 20));
    await Promise.all([here.release(), there.release()]);
  });

  test("one supplier and a batch have the same risk score, margin and contributions", async () => {
    const model = await openScoringModel(await publish(file));
    const names = model.bundle.features.map(({ name }) => name);
    const values = names.map((_, f) => cell(7, f));
    const features = Object.fromEntries(names.map((name, f) => [name, values[f] ?? 0]));
    const alone = await scoreSupplier(model, { features, categories: {}, text: "" }, "supplier");
    const numbers = new Map(names.map((name, f) => [name, Float64Array.of(values[f] ?? 0)]));
    const batch = await scoreBatch(model, { rows: 1, numbers, categories: new Map(), texts: null }, true);
    expect([alone.riskScore, alone.output]).toEqual([batch.riskScores[0], batch.outputs[0]]);
    expect(alone.output).not.toBe(alone.riskScore);
    const sum = alone.contributions.reduce((total, { contribution }) => total + contribution, 0);
    expect(sum + (model.explainer?.baseValue ?? 0)).toBeCloseTo(alone.output ?? Number.NaN, 4);
    await model.release();
  });
});

const SHARED = path.resolve(import.meta.dirname, "../../../../../shared/data/native-tree-models");
const LIGHTGBM = path.join(SHARED, "lgmulticlass.shap.json");

// Skipped where the shared data are not on the machine.
test.skipIf(!existsSync(LIGHTGBM))(
  "the contributions to each of five classes are those of LightGBM itself",
  async () => {
    const reference = JSON.parse(readFileSync(LIGHTGBM, "utf8")) as {
      readonly x: readonly (readonly number[])[];
      readonly num_class: number;
      readonly shap_contrib_last_column_is_expected_value: readonly (readonly number[])[];
    };
    const bytes = readFileSync(path.join(SHARED, "lgmulticlass.model"));
    for (let k = 0; k < reference.num_class; k++) {
      const task = { bytes, modelName: `class-${k}`, background: null, riskClass: String(k), runOnnx };
      const imported = await importModel(task);
      if (imported.status === "rejected") throw new Error(imported.reason);
      const explainer = await openExplainer(imported.onnx, imported.bundle);
      const width = imported.bundle.columns.length;
      const found = explainer?.explain(Float32Array.from(reference.x.flat()), reference.x.length) ?? new Float32Array();
      for (const [r, all] of reference.shap_contrib_last_column_is_expected_value.entries()) {
        const due = all.slice(k * (width + 1), (k + 1) * (width + 1));
        expect(explainer?.baseValue).toBeCloseTo(due[width] ?? Number.NaN, 5);
        for (let c = 0; c < width; c++) expect(found[r * width + c]).toBeCloseTo(due[c] ?? Number.NaN, 5);
      }
    }
  },
);

describe("the change between two rows", () => {
  const changeOf = async (stored: StoredVersion) => {
    const model = await openScoringModel(stored);
    const end = (r: number, path: string) => {
      const features = Object.fromEntries(model.bundle.features.map(({ name }) => [name, 3 * (r - 1.5)]));
      return { model, path, input: { features, categories: {}, text: "" } };
    };
    const change = await explainChange(end(1, "before"), end(2, "after"));
    await model.release();
    const sum = change.parts.reduce((total, { amount: { data, model: part } }) => total + data + part, change.base);
    expect(Math.abs(sum - change.outputChange)).toBeLessThan(1e-9);
    expect(change.outputChange).not.toBe(0);
    return change;
  };

  test("of three classes is a change of the margin, and says that the risk score is not divided", async () => {
    const { score, notes } = await changeOf(await publish("xgboost-3.model"));
    expect([score, notes.map(({ code }) => code)]).toEqual([null, ["SCORE_NOT_DIVIDED"]]);
  });

  test("of a regressor is a change of its number", async () => {
    const { score, notes } = await changeOf(await publish("sklearn-forest-regressor.onnx"));
    expect([score, notes]).toEqual([null, []]);
  });

  test("of a model without contributions is NotExplainableError", async () => {
    const bytes = foreignModels().find(({ name }) => name === "xgboost-3.onnx")?.bytes ?? new Uint8Array();
    const imported = await importModel({ bytes, modelName: "none", background: null, riskClass: null, runOnnx });
    if (imported.status === "rejected") throw new Error(imported.reason);
    const stored = withFiles(await publish("xgboost-3.onnx"), imported);
    await expect(changeOf(stored)).rejects.toThrow("has no contributions");
  });
});

describe("a version whose parts contradict each other is rejected", () => {
  const change = async (edit: (bundle: Record<string, unknown>) => void): Promise<StoredVersion> => {
    const stored = await publish("xgboost-3.model");
    const bundle = JSON.parse(stored.bundleJson) as Record<string, unknown>;
    edit(bundle);
    return { ...stored, bundleJson: JSON.stringify(bundle) };
  };

  test("when it explains an output that the file does not return", async () => {
    const stored = await change((bundle) => delete bundle.explains);
    await expect(openScoringModel(stored)).rejects.toThrow("explains an output that model.onnx does not return");
  });

  test("when it explains a class and the file returns sums", async () => {
    const bytes = foreignModels().find(({ name }) => name === "xgboost-classifier.onnx")?.bytes ?? new Uint8Array();
    const imported = await importModel({ bytes, modelName: "two", background: null, riskClass: null, runOnnx });
    if (imported.status === "rejected") throw new Error(imported.reason);
    const stored = await publish("xgboost-3.model");
    const bundleJson = JSON.stringify({ ...parseFeatureBundle(imported.bundleJson), explains: "class-margin" });
    const files = { onnx: imported.onnx, bundleJson };
    await expect(openScoringModel(withFiles(stored, files))).rejects.toThrow("returns no class");
  });

  test("when its contributions do not add up to the margin", async () => {
    const stored = await publish("xgboost-3.onnx");
    const bundle = JSON.parse(stored.bundleJson) as { explanation: { rows: unknown[] } };
    // Without background rows there is nothing to measure against.
    bundle.explanation.rows = [];
    await expect(openScoringModel({ ...stored, bundleJson: JSON.stringify(bundle) })).rejects.toThrow();
  });
});

test("a version of an earlier release without contributions is served as before", async () => {
  const bytes = foreignModels().find(({ name }) => name === "xgboost-3.onnx")?.bytes ?? new Uint8Array();
  const imported = await importModel({ bytes, modelName: "old", background: null, riskClass: null, runOnnx });
  if (imported.status === "rejected") throw new Error(imported.reason);
  expect(imported.bundle.explains).toBeUndefined();
  const stored = await publish("xgboost-3.model");
  const model = await openScoringModel(withFiles(stored, imported));
  const { outputs, margins } = await model.predict(rowsOf(imported.bundle.columns.length), 2);
  expect([model.explainer, margins]).toEqual([null, outputs]);
  await model.release();
});
