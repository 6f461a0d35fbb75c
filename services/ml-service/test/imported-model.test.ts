import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { CounterfactualOutcome } from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ExplanationKind } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { importModel } from "@bellwether/model-import/import-model";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { createLogger } from "@bellwether/telemetry/logger";
import { bruteForceShap, interventionalExpectation } from "@bellwether/testing/brute-force-shap";
import { foreignModels } from "@bellwether/testing/foreign-models";
import { runOnnx } from "@bellwether/testing/run-onnx";
import { readOnnxTreeModel } from "@bellwether/tree-model/onnx/read-tree-ensemble";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMlService } from "../src/service.ts";

const FILES = ["sklearn-forest.onnx", "xgboost-classifier.onnx"];
const FEATURES = ["f0", "f1", "f2", "f3"];
const BACKGROUND = Array.from({ length: 20 }, (_, r) => FEATURES.map((_, f) => Math.fround(Math.sin(7 * r + 3 * f))));
const backgroundCsv = new TextEncoder().encode([FEATURES, ...BACKGROUND].map((line) => line.join(",")).join("\n"));

/** The published versions, by model name. */
const models = new Map<string, TreeModel>();
let root = "";
let service: Awaited<ReturnType<typeof createMlService>>;
let client: Client<typeof InferenceService>;

async function publish(file: string, modelName: string, background: Uint8Array | null): Promise<void> {
  const bytes = foreignModels().find((model) => model.name === file)?.bytes ?? new Uint8Array();
  const imported = await importModel({ bytes, modelName, background, riskClass: null, runOnnx });
  if (imported.status === "rejected") throw new Error(imported.reason);
  const now = new Date(0);
  const { version } = await publishVersion(
    root,
    {
      ...imported,
      modelName,
      origin: "imported",
      configHash: "",
      evaluation: null,
      now,
    },
    checkScoringModel,
  );
  await setAlias(
    root,
    { modelName, alias: "champion", version, setBy: "test", reason: "imported", now },
    checkScoringModel,
  );
  models.set(modelName, readOnnxTreeModel(imported.onnx).model);
}

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "imported-model-"));
  for (const file of FILES) await publish(file, path.parse(file).name, backgroundCsv);
  await publish("sklearn-forest.onnx", "unexplained", null);
  service = await createMlService({
    host: "127.0.0.1",
    ports: { grpc: 0, web: 0, admin: 0 },
    registryRoot: root,
    defaultModel: "unexplained",
    pollMs: 1_000,
    logger: createLogger({ name: "ml-service", level: "silent" }),
  });
  const baseUrl = `http://127.0.0.1:${service.addresses.grpc.port}`;
  client = createClient(InferenceService, createGrpcTransport({ baseUrl }));
});
afterAll(async () => {
  await service.stop();
  await rm(root, { recursive: true, force: true });
});

const ROWS = Array.from({ length: 5 }, (_, r) => FEATURES.map((_, f) => Math.fround(Math.cos(5 * r + 2 * f))));
const supplier = (row: readonly number[]) => ({
  supplierId: "S_1",
  features: Object.fromEntries(FEATURES.map((name, f) => [name, row[f] ?? 0])),
});

/**
 * Returns the Shapley values computed by their definition, over all subsets of features and all background
 * rows.
 */
function oracle(modelName: string, row: readonly number[]) {
  const model = models.get(modelName);
  if (model === undefined) throw new Error(`${modelName} was not published`);
  const expectation = interventionalExpectation(
    (mixed) => evaluateRows(model, mixed)[0] ?? Number.NaN,
    Float32Array.from(row),
    Float32Array.from(BACKGROUND.flat()),
    BACKGROUND.length,
  );
  return { contributions: bruteForceShap(FEATURES.length, 1, expectation), baseValue: expectation(0, 0) };
}

describe.each(FILES.map((file) => path.parse(file).name))("%s, imported with background rows", (modelName) => {
  const model = { modelName };

  test("explains as the definition does, adds up to the margin, and names its background", async () => {
    for (const row of ROWS) {
      const due = oracle(modelName, row);
      const parts = await Array.fromAsync(client.explain({ supplier: supplier(row), model }), ({ part }) => part);
      const base = parts.find((part) => part.case === "base")?.value;
      const list = parts.find((part) => part.case === "contributions")?.value.contributions ?? [];
      expect(base).toMatchObject({
        kind: ExplanationKind.INTERVENTIONAL,
        background: "20 rows given at import",
        baseValue: expect.closeTo(due.baseValue, 6),
        score: { model: { kernel: "interventional/1" } },
      });
      for (const [f, name] of FEATURES.entries()) {
        const found = list.find(({ feature }) => feature === name)?.contribution ?? Number.NaN;
        expect(Math.abs(found - (due.contributions[f] ?? Number.NaN))).toBeLessThan(1e-6);
      }
      const sum = list.reduce((total, { contribution }) => total + contribution, base?.baseValue ?? Number.NaN);
      const margin = base?.score?.margin ?? Number.NaN;
      expect(Math.abs(sum - margin)).toBeLessThan(1e-5 * Math.max(1, Math.abs(margin)));
    }
  });

  test("returns the same explanation with a score and with a batch", async () => {
    const [row = []] = ROWS;
    const due = oracle(modelName, row);
    const { score } = await client.predict({ supplier: supplier(row), model });
    const explanation = {
      explanationKind: ExplanationKind.INTERVENTIONAL,
      background: "20 rows given at import",
      baseValue: expect.closeTo(due.baseValue, 6),
    };
    expect(score).toMatchObject(explanation);
    const batch = await client.predictBatch({
      supplierIds: ["S_1"],
      featureNames: FEATURES,
      values: new Uint8Array(Float32Array.from(row).buffer),
      withContributions: true,
      model,
    });
    expect(batch).toMatchObject({ ...explanation, columnNames: FEATURES });
    const contributions = new Float32Array(batch.contributions.slice().buffer);
    for (const { feature, contribution } of score?.topContributions ?? [])
      expect(contributions[FEATURES.indexOf(feature)]).toBe(contribution);
  });
});

describe("a model without covers and without background rows", () => {
  const [row = []] = ROWS;

  test("returns a score, and the reason why there are no contributions", async () => {
    const { score } = await client.predict({ supplier: supplier(row) });
    expect(score?.margin).toBeTypeOf("number");
    expect(score).toMatchObject({
      explanationKind: ExplanationKind.NONE,
      background: "the file carries no covers; import it again with --background ROWS.csv",
      topContributions: [],
    });
    expect(score?.baseValue).toBeUndefined();
  });

  test("answers FAILED_PRECONDITION to a request for contributions, and says how to get them", async () => {
    const values = new Uint8Array(Float32Array.from(row).buffer);
    const batch = { supplierIds: ["S_1"], featureNames: FEATURES, values, withContributions: true };
    const explain = () => Array.fromAsync(client.explain({ supplier: supplier(row) }));
    for (const call of [explain, () => client.predictBatch(batch)]) {
      const error = await call().then(() => undefined, ConnectError.from);
      expect(error?.code).toBe(Code.FailedPrecondition);
      expect(error?.rawMessage).toContain("import it again with --background ROWS.csv");
    }
  });
});

test.each(FILES)("%s: counterfactuals of an imported model lower the band when Predict scores them", async (file) => {
  const model = { modelName: path.parse(file).name };
  const counts = { found: 0, other: 0 };
  for (const [i, row] of BACKGROUND.entries()) {
    const supplier = {
      supplierId: `S_${i}`,
      features: Object.fromEntries(FEATURES.map((name, f) => [name, row[f] ?? 0])),
    };
    const { outcome, score, counterfactuals } = await client.counterfactual({ supplier, model, maxChanges: 3 });
    counts[outcome === CounterfactualOutcome.FOUND ? "found" : "other"]++;
    expect(outcome === CounterfactualOutcome.FOUND).toBe(counterfactuals.length > 0);
    for (const { changes, score: promised } of counterfactuals) {
      const changed = Object.fromEntries(changes.map(({ feature, newValue }) => [feature, newValue ?? 0]));
      const features = { ...supplier.features, ...changed };
      const again = await client.predict({ supplier: { ...supplier, features }, model });
      expect(again.score?.riskScore).toBe(promised?.riskScore);
      expect(again.score?.band).toBeLessThan(score?.band ?? 0);
    }
  }
  expect(counts.found).toBeGreaterThan(0);
});
