import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ShadowService, ShadowState } from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { type TrainedRiskModel, trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { createLogger } from "@bellwether/telemetry/logger";
import {
  DEMO_FEATURES,
  DEMO_SPEC,
  DEMO_TABLE,
  demoSupplier,
  publishDemoModel,
  trainDemoModel,
} from "@bellwether/testing/demo-model";
import { type Client, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createMlService } from "../src/service.ts";

/** The first call for another version loads and checks it, which takes seconds on a busy machine. */
const LONG = { timeoutMs: 60_000 };
const PATIENT = { timeout: 60_000, interval: 20 };
const modelName = DEMO_SPEC.name;
let root = "";
let service: Awaited<ReturnType<typeof createMlService>>;
let transport: ReturnType<typeof createMeshTransport>;
let inference: Client<typeof InferenceService>;
let shadow: Client<typeof ShadowService>;

const config = (share: number) => ({
  host: "127.0.0.1",
  ports: { grpc: 0, web: 0, admin: 0 },
  registryRoot: root,
  defaultModel: modelName,
  pollMs: 20,
  logger: createLogger({ name: "ml-service", level: "silent" }),
  shadow: { share, maxCpu: 1 },
});
const supplier = (i: number) => {
  const { features, categories, text } = demoSupplier(i);
  return { supplierId: `S_${i}`, features, categories, contractText: text };
};
const publish = async (trained: TrainedRiskModel): Promise<string> => {
  const publication = { ...trained, modelName, origin: "trained" as const };
  const rest = { configHash: "c".repeat(64), evaluation: null, now: new Date() };
  return (await publishVersion(root, { ...publication, ...rest }, checkScoringModel)).version;
};
const challenge = (version: string) =>
  setAlias(
    root,
    { modelName, alias: "challenger", version, setBy: "test", reason: "compare", now: new Date() },
    async () => {},
  );
const current = async (withSums = false) => await shadow.getShadowComparison({ withSums }, LONG);
const reaches = (state: ShadowState, version: string) =>
  vi.waitFor(async () => {
    const found = await current();
    expect([found.state, found.challengerVersion]).toEqual([state, version]);
    return found;
  }, PATIENT);
const rowsReach = (rows: number) =>
  vi.waitFor(async () => {
    const { comparisons } = await current();
    expect(Number(comparisons[0]?.statistics?.rows)).toBe(rows);
    return comparisons[0];
  }, PATIENT);

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "shadow-service-"));
  await publishDemoModel(root);
  await challenge(await publish(await trainDemoModel(7)));
  service = await createMlService(config(1));
  transport = createMeshTransport({ url: `http://127.0.0.1:${service.addresses.grpc.port}` });
  inference = createClient(InferenceService, transport);
  shadow = createClient(ShadowService, transport);
  await reaches(ShadowState.RUNNING, "v2");
});
afterAll(async () => {
  transport[Symbol.dispose]();
  await service.stop();
  await rm(root, { recursive: true, force: true });
});

test("what the champion answers is compared with what the challenger would answer, and is not changed", async () => {
  const shifts: number[] = [];
  for (let i = 0; i < 30; i++) {
    const { score } = await inference.predict({ supplier: supplier(i) }, LONG);
    expect(score?.model?.version).toBe("v1");
    const other = await inference.predict({ supplier: supplier(i), model: { modelVersion: "v2" } }, LONG);
    shifts.push((other.score?.riskScore ?? 0) - (score?.riskScore ?? 0));
  }
  const compared = await rowsReach(30);
  expect(compared).toMatchObject({ championVersion: "v1", challengerVersion: "v2", losses: { chosenRows: 30n } });
  const mean = shifts.reduce((sum, shift) => sum + shift, 0) / shifts.length;
  expect(compared?.statistics?.shift?.value).toBeCloseTo(mean, 12);
  expect(compared?.statistics?.sameFirstReason?.rows).toBe(30n);
  expect(compared?.statistics?.bandMatrix.reduce((sum, rows) => sum + rows, 0n)).toBe(30n);
});

test("rows of PredictRows and PredictBatch are compared in the same way", async () => {
  await inference.predictRows({ suppliers: Array.from({ length: 10 }, (_, i) => supplier(i)) }, LONG);
  await rowsReach(40);
  const batch = Array.from({ length: 12 }, (_, i) => supplier(i));
  await inference.predictBatch(
    {
      supplierIds: batch.map(({ supplierId }) => supplierId),
      numbers: DEMO_FEATURES.map((name) => ({
        name,
        values: batch.map(({ features }) => features[name] ?? Number.NaN),
      })),
      categories: [{ name: "region", dictionary: ["EU"], codes: batch.map(() => 0) }],
      contractTexts: batch.map(({ contractText }) => contractText),
      withContributions: true,
    },
    LONG,
  );
  const { suppliers, sameFirstReason } = (await rowsReach(52))?.statistics ?? {};
  expect([suppliers, sameFirstReason?.rows]).toEqual([30n, 52n]);
});

test("the sums are sent on request only, and GET /shadow answers the statistics", async () => {
  expect((await current()).comparisons[0]?.sums).toBeUndefined();
  expect((await current(true)).comparisons[0]?.sums?.groups).toHaveLength(256 * 28);
  const answer = await fetch(`http://127.0.0.1:${service.addresses.web.port}/shadow`);
  expect(await answer.json()).toMatchObject({
    ...{ model_name: modelName, state: "running", share: 1, challenger_version: "v2" },
    comparisons: [{ sums: null, statistics: { rows: 52, bands_changed: { rows: 52 } } }],
  });
});

test("a challenger whose files are damaged is not compared while the champion answers, and is taken up when it is mended", async () => {
  const version = await publish(await trainDemoModel(8));
  const file = path.join(root, modelName, version, "model.onnx");
  const whole = await readFile(file);
  await challenge(version);
  await writeFile(file, whole.subarray(0, 100));
  expect((await reaches(ShadowState.REJECTED, version)).detail).toContain("differs from the digest");
  expect((await inference.predict({ supplier: supplier(1) }, LONG)).score?.model?.version).toBe("v1");
  await writeFile(file, whole);
  await reaches(ShadowState.RUNNING, version);
  await challenge("v1");
  await reaches(ShadowState.SAME_VERSION, "v1");
  await challenge("v2");
  await reaches(ShadowState.RUNNING, "v2");
  expect(Number((await current()).comparisons[0]?.statistics?.rows)).toBe(52);
});

test("rows that the challenger rejects, because it was trained without a feature, are counted with the reason", async () => {
  const features = DEMO_SPEC.features.filter(({ name }) => name !== "delivery_score");
  const spec = { ...DEMO_SPEC, features };
  const configHash = "c".repeat(64);
  const version = await publish(await trainRiskModel({ table: DEMO_TABLE, spec, configHash, runOnnx }));
  await challenge(version);
  await reaches(ShadowState.RUNNING, version);
  await inference.predict({ supplier: supplier(3) }, LONG);
  await inference.predict({
    supplier: {
      ...supplier(4),
      features: { past_disputes: 2, avg_payment_delay_days: 5, financial_stability_index: 1 },
    },
  });
  const compared = await rowsReach(1);
  expect(compared?.losses?.rejections).toMatchObject([
    { reason: "FEATURE_UNKNOWN", field: "supplier.features.delivery_score", rows: 1n },
  ]);
});

test("with a share of 0 nothing is compared", async () => {
  const off = await createMlService(config(0));
  const other = createMeshTransport({ url: `http://127.0.0.1:${off.addresses.grpc.port}` });
  await createClient(InferenceService, other).predict({ supplier: supplier(1) });
  const { state, comparisons, share } = await createClient(ShadowService, other).getShadowComparison({});
  expect([state, comparisons, share]).toEqual([ShadowState.OFF, [], 0]);
  other[Symbol.dispose]();
  await off.stop();
});
