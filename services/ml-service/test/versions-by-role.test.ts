import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { createLocalKeys, issueToken, LOCAL_AUDIENCE, LOCAL_ISSUER } from "@bellwether/mesh/auth/local-keys";
import { readPublicKeys } from "@bellwether/mesh/auth/public-keys";
import type { RoleName } from "@bellwether/mesh/call/caller";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { readVersion } from "@bellwether/registry/versions/read-version";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createMlService } from "../src/service.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const VERSION = /^v\d+$/;
const WAIT = { timeout: 60_000, interval: 50 };
const opened = new AsyncDisposableStack();
const unchecked = async () => {};
const modelName = DEMO_SPEC.name;
let keyFile = "";
let url = "";

beforeAll(async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "versions-by-role-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const root = path.join(folder, "models");
  await publishDemoModel(root);
  const { manifest: _, ...files } = await readVersion(root, modelName, "v1");
  const about = { modelName, origin: "trained" as const, configHash: "", evaluation: null, now: new Date(0) };
  for (let i = 0; i < 6; i++) await publishVersion(root, { ...files, ...about }, unchecked);
  const move = { modelName, alias: "challenger" as const, version: "v2", setBy: "test", reason: "why" };
  await setAlias(root, { ...move, now: new Date() }, unchecked);
  const keys = await createLocalKeys(folder);
  keyFile = keys.privateKeyFile;
  const tokens = {
    ...{ keys: await readPublicKeys(keys.publicKeysFile), issuer: LOCAL_ISSUER, audience: LOCAL_AUDIENCE },
    rolesClaim: "roles",
  };
  const server = opened.use(
    await createMlService({
      ...{ host: "127.0.0.1", ports: { grpc: 0, web: 0, admin: 0 }, defaultModel: modelName, pollMs: 1_000 },
      ...{ registryRoot: root, scoringThreads: 1, auth: { tokens, identities: {} } },
      logger: createLogger({ name: "ml-service", level: "silent" }),
    }),
  );
  url = `http://127.0.0.1:${server.addresses.grpc.port}`;
});
afterAll(() => opened.disposeAsync());

async function asRole(role: RoleName) {
  const token = await issueToken(keyFile, { subject: role, roles: [role], lifetimeS: 600 });
  const transport = opened.use(createMeshTransport({ url, token: () => token }));
  const { features, categories, text } = demoSupplier(1);
  const supplier = { supplierId: "S1", features, categories, contractText: text };
  const inference = createClient(InferenceService, transport);
  return {
    registry: createClient(ModelRegistryService, transport),
    /** Returns the version that has answered, or the reason of the error. */
    ask: (modelVersion: string) =>
      inference.predict({ supplier, model: { modelVersion } }, { timeoutMs: 60_000 }).then(
        ({ score }) => score?.model?.version,
        (error: unknown) => {
          const known = ConnectError.from(error);
          return known.findDetails(ErrorInfoSchema)[0]?.reason ?? Code[known.code];
        },
      ),
  };
}

test("50 parallel calls of a viewer for all versions are answered by the aliases' versions only", async () => {
  const viewer = await asRole("viewer");
  // On a busy machine a load can take longer than the deadline of a call.
  await vi.waitFor(async () => expect(await viewer.ask("v2")).toBe("v2"), WAIT);
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => viewer.ask(`v${1 + (i % 7)}`)));
  for (const [i, answer] of answers.entries()) {
    const version = `v${1 + (i % 7)}`;
    // On a busy machine a call can also end with OVERLOADED or its deadline.
    if (VERSION.test(answer ?? "")) expect(answer).toBe(["v1", "v2"].includes(version) ? version : "no answer");
  }
  expect(answers).toContain("VERSION_NOT_ALLOWED");
  expect((await viewer.registry.getReplicaStatus({})).otherVersions).toEqual([`${modelName}/v2`]);
});

test("50 parallel calls of an analyst load three versions at most, and the others get a retry delay", async () => {
  const analyst = await asRole("analyst");
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => analyst.ask(`v${1 + (i % 7)}`)));
  for (const [i, answer] of answers.entries()) if (VERSION.test(answer ?? "")) expect(answer).toBe(`v${1 + (i % 7)}`);
  expect((await analyst.registry.getReplicaStatus({})).otherVersions.length).toBeLessThanOrEqual(3);
  const service = await asRole("service");
  await vi.waitFor(async () => expect(await service.ask("v7")).toBe("v7"), WAIT);
});

test("50 parallel calls of an analyst for versions that do not exist are all answered NOT_FOUND", async () => {
  const analyst = await asRole("analyst");
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => analyst.ask(`v${900 + i}`)));
  // On a busy machine a call can also end with OVERLOADED or its deadline.
  expect(answers).toContain("VERSION_NOT_FOUND");
  expect(answers).not.toContain("MODEL_LOADS_FULL");
});
