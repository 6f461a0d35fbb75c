import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import {
  ModelCheckKind,
  ModelCheckOutcome,
  ModelRegistryService,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import type { ObjectStore } from "@bellwether/object-store/object-store";
import { openObjectStore } from "@bellwether/object-store/open-store";
import { ObjectNotFoundError, StoreFullError, StoreRejectedError } from "@bellwether/object-store/store-error";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { createStoreStorage } from "@bellwether/registry/storage/store-storage";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createMlService } from "../src/service.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const WAIT = { timeout: 60_000, interval: 20 };
const ADDRESS = "s3://bucket/models";
const opened = new AsyncDisposableStack();
const unchecked = async () => {};
let folder = "";
let root = "";
let store: ObjectStore;
/** What the store does instead of answering. */
let trouble: () => Promise<void> = unchecked;
let writeTrouble: () => void = () => {};
let grpc = "";

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "registry-trouble-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  root = path.join(folder, "models");
  store = await openObjectStore(`file:${root}`);
  for (const seed of [1, 2, 3, 4]) await publishDemoModel(root, seed);
  await champion("v1");
  const server = opened.use(
    await createMlService({
      ...{ host: "127.0.0.1", ports: { grpc: 0, web: 0, admin: 0 }, defaultModel: DEMO_SPEC.name, pollMs: 50 },
      registryRoot: createStoreStorage(ADDRESS, async () => troubled()),
      registryCache: { folder: path.join(folder, "copies"), maxBytes: 2 ** 30 },
      scoringThreads: 1,
      logger: createLogger({ name: "ml-service", level: "silent" }),
    }),
  );
  grpc = `http://127.0.0.1:${server.addresses.grpc.port}`;
});
afterAll(() => opened.disposeAsync());
beforeEach(async () => {
  trouble = unchecked;
  writeTrouble = () => {};
  await champion("v1");
  await vi.waitFor(async () => expect(await version()).toBe("v1"), WAIT);
});

function troubled(): ObjectStore {
  return {
    ...store,
    async head(...args) {
      await trouble();
      return await store.head(...args);
    },
    async get(...args) {
      await trouble();
      return await store.get(...args);
    },
    async *list(...args) {
      await trouble();
      yield* store.list(...args);
    },
    async put(...args) {
      writeTrouble();
      return await store.put(...args);
    },
  };
}
const champion = (to: string) =>
  setAlias(
    root,
    { modelName: DEMO_SPEC.name, alias: "champion", version: to, setBy: "test", reason: "why", now: new Date() },
    unchecked,
  );
async function version(): Promise<string | undefined> {
  using transport = createMeshTransport({ url: grpc });
  const { features, categories, text } = demoSupplier(1);
  const supplier = { supplierId: "S1", features, categories, contractText: text };
  return (await createClient(InferenceService, transport).predict({ supplier })).score?.model?.version;
}
async function status() {
  using transport = createMeshTransport({ url: grpc });
  return await createClient(ModelRegistryService, transport).getReplicaStatus({});
}

test("a registry that is slow: the champion is served on, and the new one when the store has answered", async () => {
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  trouble = () => answered;
  await champion("v2");
  for (let call = 0; call < 20; call++) expect(await version()).toBe("v1");
  answer();
  await vi.waitFor(async () => expect(await version()).toBe("v2"), WAIT);
});

test.each([
  ["read-only", () => new StoreRejectedError(ADDRESS, "the store is read-only")],
  ["full", () => new StoreFullError(ADDRESS, "QuotaExceeded")],
])("a registry that is %s: moving an alias fails as a whole, and the champion is served on", async (_, error) => {
  writeTrouble = () => {
    throw error();
  };
  const registry = createStoreStorage(ADDRESS, async () => troubled());
  const move = { modelName: DEMO_SPEC.name, alias: "champion" as const, version: "v2", setBy: "test", reason: "why" };
  await expect(setAlias(registry, { ...move, now: new Date() }, unchecked)).rejects.toMatchObject({
    name: "RegistryUnavailableError",
  });
  expect(await version()).toBe("v1");
  expect((await status()).rejection).toBeUndefined();
});

test("a registry that is gone: the champion is served on, and the status says what is missing", async () => {
  trouble = async () => {
    throw new ObjectNotFoundError(ADDRESS);
  };
  await vi.waitFor(async () => expect((await status()).rejection?.reason).toContain("cannot be used"), WAIT);
  expect(await version()).toBe("v1");
  trouble = unchecked;
  await vi.waitFor(async () => expect((await status()).rejection).toBeUndefined(), WAIT);
});

test("an object that is not the one in the manifest: the version is rejected by its digest, and taken up when it is replaced", async () => {
  const file = path.join(root, DEMO_SPEC.name, "v3/model.onnx");
  const sound = await readFile(file);
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  trouble = () => answered;
  await champion("v3");
  await writeFile(file, await readFile(path.join(root, DEMO_SPEC.name, "v4/model.onnx")));
  trouble = unchecked;
  answer();
  await vi.waitFor(async () => expect((await status()).rejection?.version).toBe("v3"), WAIT);
  const { rejection, rejections } = await status();
  expect(rejection?.checks.map(({ kind, outcome }) => [kind, outcome])).toEqual([
    [ModelCheckKind.DIGEST, ModelCheckOutcome.FAILED],
  ]);
  expect(rejections.map(({ version }) => version)).toEqual(["v3"]);
  expect(await version()).toBe("v1");
  await writeFile(file, sound);
  await vi.waitFor(async () => expect(await version()).toBe("v3"), WAIT);
  expect((await status()).rejections).toEqual([]);
  expect((await readdir(path.join(folder, "copies/content"))).length).toBeGreaterThan(0);
});
