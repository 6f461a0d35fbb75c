import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { readAliases } from "@bellwether/registry/aliases/aliases";
import { signingKey, trustedKeys } from "@bellwether/registry/keys/registry-keys";
import { type Registry, storageOf } from "@bellwether/registry/storage/storage-of";
import { listModels, listVersions, readVersion } from "@bellwether/registry/versions/read-version";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC } from "@bellwether/testing/demo-model";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createSchedulerService } from "../src/service.ts";
import { demoFiles, upload } from "./upload-fixture.ts";
import { weeklyFolder } from "./weekly-fixture.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const NAME = DEMO_SPEC.name;
const FOREIGN = path.resolve(import.meta.dirname, "../../lib/testing/src/foreign-models");
const logger = createLogger({ name: "test", level: "silent" });

let cluster: PostgresCluster;
beforeAll(async () => {
  cluster = await startPostgresCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** Starts scheduler-service on a registry, and returns a client. */
async function start(registryRoot: Registry, over: { readonly memoryBytes?: number } = {}) {
  const opened = new AsyncDisposableStack();
  onTestFinished(() => opened.disposeAsync());
  const folder = opened.use(await weeklyFolder());
  const service = opened.use(
    await createSchedulerService({
      ...{ host: "127.0.0.1", ports: { grpc: 0, web: 0, admin: 0 }, ...folder.settings, logger },
      ...{ registryRoot, defaultModel: NAME, mlUrl: "http://127.0.0.1:1", opsUrl: "http://127.0.0.1:1" },
      ...{ queueUrl: await cluster.createDatabase(), cron: "0 6 * * 1", timeZone: "UTC" },
      ...{ inputFolder: folder.at("."), input: "week.csv" },
      ...over,
    }),
  );
  const transport = opened.use(createMeshTransport({ url: `http://127.0.0.1:${service.addresses.grpc.port}` }));
  return createClient(ModelPublishingService, transport);
}
async function emptyRegistry(): Promise<string> {
  const root = await mkdtemp(path.join(os.tmpdir(), "uploads-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

const pem = (key: KeyObject): string =>
  String(key.export({ type: key.type === "public" ? "spki" : "pkcs8", format: "pem" }));
const keyPair = () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return { trusted: trustedKeys(pem(publicKey), "trusted"), signer: signingKey(pem(privateKey), "signer") };
};

test("an upload that nothing signs, or another key, is rejected before its content, and nothing is stored", async () => {
  const root = await emptyRegistry();
  const { trusted, signer } = keyPair();
  const files = await demoFiles(DEMO_SPEC.seed);
  const model = await readFile(path.join(FOREIGN, "xgboost-classifier.model"));
  const unsigned = await start({ ...storageOf(root), trusted });
  const other = await start({ ...storageOf(root), trusted, signer: keyPair().signer });
  for (const [call, why] of [
    [() => unsigned.publishModel(upload(files)), "no key signs new versions"],
    [() => unsigned.importModel(upload({ model }, { modelName: "foreign" })), "no key signs new versions"],
    [() => other.publishModel(upload(files)), "is not one of the trusted keys"],
  ] as const) {
    const error = ConnectError.from(await call().catch((thrown: unknown) => thrown));
    expect([error.code, error.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([
      ...[Code.FailedPrecondition, "UNSIGNED_VERSION"],
    ]);
    expect(error.rawMessage).toContain(why);
    expect(error.rawMessage).toContain("nothing was stored: set MODEL_REGISTRY_SIGNING_KEY");
  }
  expect(await listModels(root)).toEqual([]);

  const signed = await start({ ...storageOf(root), trusted, signer });
  expect(await signed.publishModel(upload(files))).toMatchObject({ version: "v1", alias: "champion", isNew: true });
  await readVersion({ ...storageOf(root), trusted }, NAME, "v1");
});

test("of equal imports at the same time one publishes, and all answer with its version", async () => {
  const root = await emptyRegistry();
  const [one, two] = [await start(root), await start(root)];
  const model = await readFile(path.join(FOREIGN, "xgboost-classifier.model"));
  const answers = await Promise.all(
    [one, one, two].map((client) => client.importModel(upload({ model }, { modelName: "foreign" }))),
  );
  expect(answers.map(({ version }) => version)).toEqual(["v1", "v1", "v1"]);
  expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(await listVersions(root, "foreign")).toHaveLength(1);
  expect((await readAliases(root, "foreign")).aliases).toMatchObject([{ name: "champion", version: "v1" }]);
});

test("a model that takes more memory than the service has is rejected before its content, and a smaller one is imported", async () => {
  const root = await emptyRegistry();
  const model = await readFile(path.join(FOREIGN, "xgboost-classifier.model"));
  const small = await start(root, { memoryBytes: Math.floor(((model.length - 1) * 128) / 3) });
  const error = ConnectError.from(
    await small.importModel(upload({ model }, { modelName: "foreign" })).catch((thrown: unknown) => thrown),
  );
  expect([error.code, error.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([Code.InvalidArgument, "UPLOAD"]);
  expect(error.rawMessage).toMatch(
    /^model has \d+ bytes, at most \d+ are accepted; it takes about 32 times its size of memory/,
  );
  expect(await listModels(root)).toEqual([]);
  const enough = await start(root, { memoryBytes: Math.ceil((model.length * 128) / 3) });
  expect(await enough.importModel(upload({ model }, { modelName: "foreign" }))).toMatchObject({ isNew: true });
});
