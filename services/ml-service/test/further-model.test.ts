import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ShadowService, ShadowState } from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC, DEMO_TABLE, demoSupplier, publishDemoModel, trainDemoModel } from "@bellwether/testing/demo-model";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createMlService } from "../src/service.ts";

const LATE = "late";
const LONG = { timeoutMs: 60_000 };
const PATIENT = { timeout: 60_000, interval: 20 };
const unchecked = async () => {};
const running = new AsyncDisposableStack();
let root = "";
let service: Awaited<ReturnType<typeof createMlService>>;
let transport: ReturnType<typeof createMeshTransport>;

/** Publishes a version of the further model. */
async function publishLate(over: { readonly seed?: number; readonly onnx?: Uint8Array<ArrayBuffer> } = {}) {
  const { seed = 1, onnx } = over;
  const spec = { ...DEMO_SPEC, name: LATE, seed };
  const trained = await trainRiskModel({ table: DEMO_TABLE, spec, configHash: "c".repeat(64), runOnnx });
  const publication = { ...trained, ...(onnx && { onnx }), modelName: LATE, origin: "trained" as const };
  const rest = { configHash: "c".repeat(64), evaluation: null, now: new Date() };
  return (await publishVersion(root, { ...publication, ...rest }, unchecked)).version;
}
const move = (modelName: string, alias: "champion" | "challenger", version: string) =>
  setAlias(root, { modelName, alias, version, setBy: "test", reason: "try", now: new Date() }, unchecked);
const supplier = (i: number) => {
  const { features, categories, text } = demoSupplier(i);
  return { supplierId: `S_${i}`, features, categories, contractText: text };
};
const ready = async (): Promise<string> => {
  const answer = await fetch(`http://127.0.0.1:${service.addresses.admin.port}/readyz`);
  return `${answer.status} ${await answer.text()}`;
};
async function errorOf(call: Promise<unknown>) {
  const error = await call.then(
    () => new ConnectError("the call succeeded", Code.Unknown),
    (caught: unknown) => ConnectError.from(caught),
  );
  return [error.code, error.findDetails(ErrorInfoSchema)[0]?.reason, error.rawMessage];
}

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "further-model-"));
  running.defer(() => rm(root, { recursive: true, force: true }));
  await publishDemoModel(root);
  const { onnx, bundleJson, modelCard, provenance } = await trainDemoModel(7);
  const files = { onnx, bundleJson, modelCard, provenance, configHash: "c".repeat(64) };
  const other = { ...files, modelName: DEMO_SPEC.name, origin: "trained" as const, evaluation: null, now: new Date() };
  await publishVersion(root, other, unchecked);
  service = await createMlService({
    ...{ host: "127.0.0.1", ports: { grpc: 0, web: 0, admin: 0 }, registryRoot: root, pollMs: 20 },
    ...{ defaultModel: DEMO_SPEC.name, furtherModels: [LATE], shadow: { share: 1, maxCpu: 1 } },
    logger: createLogger({ name: "ml-service", level: "silent" }),
  });
  running.defer(() => service.stop());
  transport = running.use(createMeshTransport({ url: `http://127.0.0.1:${service.addresses.grpc.port}` }));
});
afterAll(() => running.disposeAsync());

test("a further model without a version is said at /readyz, which stays 200, and is served once it is published", async () => {
  await vi.waitFor(async () => {
    expect(await ready()).toMatch(/^200 ok\nlate: no version is served; the champion is not: .*late/);
  }, PATIENT);
  const inference = createClient(InferenceService, transport);
  const predict = () => inference.predict({ supplier: supplier(1), model: { modelName: LATE } }, LONG);
  expect((await errorOf(predict())).slice(0, 2)).toEqual([Code.NotFound, "MODEL_NOT_FOUND"]);
  await move(LATE, "champion", await publishLate());
  const registry = createClient(ModelRegistryService, transport);
  const status = () => registry.getReplicaStatus({ modelName: LATE }, LONG);
  await vi.waitFor(async () => {
    expect(await status()).toMatchObject({ modelName: LATE, championVersion: "v1", servedVersion: "v1" });
  }, PATIENT);
  expect((await predict()).score?.model).toMatchObject({ name: LATE, version: "v1" });
  expect(await ready()).toBe("200 ok\n");
  expect(await registry.getReplicaStatus({}, LONG)).toMatchObject({ modelName: DEMO_SPEC.name, otherVersions: [] });

  // A champion that cannot be loaded does not replace the one that is served.
  await move(LATE, "champion", await publishLate({ onnx: Uint8Array.of(1, 2, 3) }));
  await vi.waitFor(async () => expect(await ready()).toMatch(/^200 ok\nlate: v1 is served; v2 is not: /), PATIENT);
  expect(await status()).toMatchObject({ servedVersion: "v1", rejection: { version: "v2" } });
  expect((await predict()).score?.model?.version).toBe("v1");
  await move(LATE, "champion", await publishLate({ seed: 2 }));
  await vi.waitFor(async () => expect((await predict()).score?.model?.version).toBe("v3"), PATIENT);
});

test("each model has its own shadow comparison", async () => {
  const shadow = createClient(ShadowService, transport);
  const inference = createClient(InferenceService, transport);
  const of = (modelName: string) => shadow.getShadowComparison({ modelName }, LONG);
  expect(await of(LATE)).toMatchObject({ modelName: LATE, state: ShadowState.NO_CHALLENGER, share: 1 });
  await move(LATE, "challenger", "v1");
  await move(DEMO_SPEC.name, "challenger", "v2");
  for (const modelName of [LATE, ""])
    await vi.waitFor(async () => expect((await of(modelName)).state).toBe(ShadowState.RUNNING), PATIENT);
  for (let i = 0; i < 5; i++) await inference.predict({ supplier: supplier(i), model: { modelName: LATE } }, LONG);
  await inference.predict({ supplier: supplier(9) }, LONG);
  const rowsOf = async (modelName: string) => {
    const { comparisons } = await of(modelName);
    return comparisons.map((one) => [one.championVersion, one.challengerVersion, one.statistics?.rows]);
  };
  await vi.waitFor(async () => expect(await rowsOf(LATE)).toEqual([["v3", "v1", 5n]]), PATIENT);
  await vi.waitFor(async () => expect(await rowsOf(DEMO_SPEC.name)).toEqual([["v1", "v2", 1n]]), PATIENT);
  const answer = await fetch(`http://127.0.0.1:${service.addresses.web.port}/shadow?model_name=${LATE}`);
  expect(await answer.json()).toMatchObject({ model_name: LATE, champion_version: "v3", comparisons: [{}] });
});

test("a model without a folder is NOT_FOUND, with those that have one", async () => {
  const calls = [
    createClient(ShadowService, transport).getShadowComparison({ modelName: "other" }, LONG),
    createClient(ModelRegistryService, transport).getReplicaStatus({ modelName: "other" }, LONG),
  ];
  for (const call of calls)
    expect(await errorOf(call)).toEqual([
      ...[Code.NotFound, "MODEL_NOT_CONFIGURED"],
      'this ml-service has no model "other"; it has: supplier-risk, late',
    ]);
});
