import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import type { ObjectStore } from "@bellwether/object-store/object-store";
import { openObjectStore } from "@bellwether/object-store/open-store";
import { StoreUnavailableError } from "@bellwether/object-store/store-error";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { createStoreStorage } from "@bellwether/registry/storage/store-storage";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createMlService } from "../src/service.ts";

const WAIT = { timeout: 60_000, interval: 20 };
let folder = "";
let store: ObjectStore;
/** The store does not answer while this is set. */
let isAway = false;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "ml-service-store-"));
  // An object store that is a folder has the layout of a registry's folder.
  store = await openObjectStore(`file:${path.join(folder, "models")}`);
  await publishDemoModel(path.join(folder, "models"));
  await publishDemoModel(path.join(folder, "models"), 7);
  await champion("v1");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const failing =
  <A extends readonly unknown[], T>(work: (...args: A) => T) =>
  (...args: A): T => {
    if (isAway) throw new StoreUnavailableError("s3://bucket/models", "SlowDown");
    return work(...args);
  };
const champion = (version: string) =>
  setAlias(
    path.join(folder, "models"),
    { modelName: DEMO_SPEC.name, alias: "champion", version, setBy: "test", reason: "why", now: new Date() },
    checkScoringModel,
  );

async function startReplica() {
  const server = await createMlService({
    ...{ host: "127.0.0.1", ports: { grpc: 0, web: 0, admin: 0 }, defaultModel: DEMO_SPEC.name, pollMs: 50 },
    registryRoot: createStoreStorage("s3://bucket/models", async () => ({
      ...store,
      head: failing(store.head),
      get: failing(store.get),
      list: failing(store.list),
      folders: failing(store.folders),
    })),
    registryCache: { folder: path.join(folder, "copies"), maxBytes: 2 ** 30 },
    scoringThreads: 1,
    logger: createLogger({ name: "ml-service", level: "silent" }),
  });
  onTestFinished(() => server.stop());
  const transport = createMeshTransport({ url: `http://127.0.0.1:${server.addresses.grpc.port}` });
  onTestFinished(() => transport[Symbol.dispose]());
  const { features, categories, text } = demoSupplier(1);
  const supplier = { supplierId: "S1", features, categories, contractText: text };
  const admin = (page: string) => fetch(`http://127.0.0.1:${server.addresses.admin.port}/${page}`);
  return {
    registry: createClient(ModelRegistryService, transport),
    version: async () => (await createClient(InferenceService, transport).predict({ supplier })).score?.model?.version,
    readyz: async () => {
      const answer = await admin("readyz");
      return `${answer.status} ${await answer.text()}`;
    },
  };
}

test("a champion in an object store is served, replaced, and served on while the store is away, also by a new process", {
  timeout: 180_000,
}, async () => {
  const replica = await startReplica();
  expect(await replica.version()).toBe("v1");
  expect(await replica.readyz()).toBe("200 ok\n");
  expect((await replica.registry.getVersion({})).modelCard).toContain("#");
  await champion("v2");
  await vi.waitFor(async () => expect(await replica.version()).toBe("v2"), WAIT);

  isAway = true;
  onTestFinished(() => {
    isAway = false;
  });
  await vi.waitFor(
    async () =>
      expect(await replica.readyz()).toMatch(
        new RegExp(`^200 ok\\n${DEMO_SPEC.name} v2 is served; since .*the store cannot be used now \\(SlowDown\\)`),
      ),
    WAIT,
  );
  expect(await replica.version()).toBe("v2");
  const restarted = await startReplica();
  expect(await restarted.version()).toBe("v2");
  expect(await restarted.readyz()).toMatch(/^200 ok\n.*SlowDown/);

  isAway = false;
  await champion("v1");
  for (const each of [replica, restarted]) {
    await vi.waitFor(async () => expect(await each.version()).toBe("v1"), WAIT);
    await vi.waitFor(async () => expect(await each.readyz()).toBe("200 ok\n"), WAIT);
  }
});
