import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { createLocalKeys, issueToken, LOCAL_AUDIENCE, LOCAL_ISSUER } from "@bellwether/mesh/auth/local-keys";
import { readPublicKeys } from "@bellwether/mesh/auth/public-keys";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { createMlService } from "@bellwether/ml-service/service";
import { readAliases } from "@bellwether/registry/aliases/aliases";
import { openRegistry } from "@bellwether/registry/open-registry";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import { listVersions, readManifest } from "@bellwether/registry/versions/read-version";
import { createSchedulerService } from "@bellwether/scheduler-service/service";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC, demoSupplier } from "@bellwether/testing/demo-model";
import { usePostgres } from "@bellwether/testing/postgres-cluster";
import { installMoto, MOTO_ENV, startMoto } from "@bellwether/testing/stores/moto-server";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { demoFiles, upload } from "../../services/scheduler-service/test/upload-fixture.ts";
import { weeklyFolder } from "../../services/scheduler-service/test/weekly-fixture.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 400_000 });
const SLOWLY = { timeout: 60_000, interval: 50 };
const NAME = DEMO_SPEC.name;
const logger = createLogger({ name: "test", level: "silent" });
const FREE = { host: "127.0.0.1", ports: { grpc: 0, web: 0, admin: 0 } };
const FOREIGN = path.resolve(import.meta.dirname, "../../services/lib/testing/src/foreign-models");

/** Why the tests are skipped. Empty: they are not. */
let missing = "";
let registry: Registry;
let schedulerUrl = "";
let schedulerWeb = "";
let keyFile = "";
const replicas: string[] = [];
const opened = new AsyncDisposableStack();

beforeAll(async () => {
  for (const [name, value] of Object.entries(MOTO_ENV)) vi.stubEnv(name, value);
  const installed = await installMoto();
  if ("missing" in installed) {
    missing = `S3 is not tested: ${installed.missing}`;
    return;
  }
  const moto = opened.use(await startMoto(installed));
  registry = openRegistry(`s3://${moto.bucket}/models?endpoint=${moto.endpoint}`, "/", {});
  const cluster = opened.use(await usePostgres());
  const folder = opened.use(await weeklyFolder());
  const own = await mkdtemp(path.join(os.tmpdir(), "publish-model-"));
  opened.defer(() => rm(own, { recursive: true, force: true }));
  const keys = await createLocalKeys(own);
  keyFile = keys.privateKeyFile;
  const tokens = {
    ...{ keys: await readPublicKeys(keys.publicKeysFile), issuer: LOCAL_ISSUER, audience: LOCAL_AUDIENCE },
    rolesClaim: "roles",
  };
  const scheduler = opened.use(
    await createSchedulerService({
      ...{ ...FREE, ...folder.settings, logger, registryRoot: registry, defaultModel: NAME },
      ...{ mlUrl: "http://127.0.0.1:1", opsUrl: "http://127.0.0.1:1", queueUrl: await cluster.createDatabase() },
      ...{ cron: "0 6 * * 1", timeZone: "UTC", inputFolder: folder.at("."), input: "week.csv" },
      auth: { tokens, identities: {} },
    }),
  );
  schedulerUrl = `http://127.0.0.1:${scheduler.addresses.grpc.port}`;
  schedulerWeb = `http://127.0.0.1:${scheduler.addresses.web.port}`;
  for (const replica of ["a", "b"]) {
    const ml = opened.use(
      await createMlService({
        ...{ ...FREE, registryRoot: registry, defaultModel: NAME, pollMs: 200, logger, scoringThreads: 1 },
        registryCache: { folder: path.join(own, replica), maxBytes: 2 ** 30 },
      }),
    );
    replicas.push(`http://127.0.0.1:${ml.addresses.grpc.port}`);
  }
});
afterAll(async () => {
  await opened.disposeAsync();
  vi.unstubAllEnvs();
});
type Role = "viewer" | "admin" | "service" | "promote:champion" | "promote:challenger";
/** Returns a client of scheduler-service with the roles and rights. */
async function publisher(...roles: readonly Role[]) {
  const token = await issueToken(keyFile, { subject: `trainer with ${roles.join(" ")}`, roles, lifetimeS: 600 });
  const transport = opened.use(createMeshTransport({ url: schedulerUrl, token: () => token }));
  return createClient(ModelPublishingService, transport);
}
async function rejectionOf(call: Promise<unknown>): Promise<{ code: Code; reason: string | undefined; text: string }> {
  const error = await call.then(
    () => Promise.reject(new Error("the call succeeded")),
    (thrown: unknown) => ConnectError.from(thrown),
  );
  return { code: error.code, reason: error.findDetails(ErrorInfoSchema)[0]?.reason, text: error.rawMessage };
}
const servedBy = async (url: string): Promise<string | undefined> => {
  using transport = createMeshTransport({ url });
  const { features, categories, text } = demoSupplier(1);
  const supplier = { supplierId: "S1", features, categories, contractText: text };
  return (await createClient(InferenceService, transport).predict({ supplier })).score?.model?.version;
};

test("a model that another program publishes is served by all replicas, and a second one waits as challenger", async (context) => {
  if (missing) return context.skip(missing);
  const files = await demoFiles(DEMO_SPEC.seed);
  const trainer = await publisher("promote:challenger");
  // The first version would become the champion.
  expect(await rejectionOf(trainer.publishModel(upload(files)))).toMatchObject({ code: Code.PermissionDenied });
  const provenance = { builder: "trainer 2.1", metrics: { auc: 0.9 }, dataDigest: "d".repeat(64), reason: "first" };
  const admin = await publisher("admin");
  const published = await admin.publishModel(upload(files, { provenance }));
  expect(published).toMatchObject({ modelName: NAME, version: "v1", alias: "champion", isNew: true });
  for (const url of replicas) await vi.waitFor(async () => expect(await servedBy(url)).toBe("v1"), SLOWLY);
  expect(await admin.publishModel(upload(files, { provenance }))).toMatchObject({
    version: "v1",
    alias: "",
    isNew: false,
  });

  const second = await trainer.publishModel(upload(await demoFiles(7)));
  expect(second).toMatchObject({ version: "v2", alias: "challenger", isNew: true });
  expect(await readManifest(registry, NAME, "v1")).toMatchObject({
    ...{ builder: "trainer 2.1", metrics: { auc: 0.9 }, dataSha256: "d".repeat(64), origin: "trained" },
    interface: { inputs: [{ datatype: "FP32", shape: [null, expect.any(Number)] }] },
  });
  expect(await readManifest(registry, NAME, "v2")).toMatchObject({ parent: "v1" });
  expect((await readAliases(registry, NAME)).aliases).toMatchObject([
    { name: "challenger", version: "v2", setBy: "trainer with promote:challenger", reason: "published" },
    { name: "champion", version: "v1", setBy: "trainer with admin", reason: "first" },
  ]);
  using transport = createMeshTransport({ url: replicas[0] ?? "" });
  const reads = createClient(ModelRegistryService, transport);
  // A replica uses an answer of the store again for a second.
  await vi.waitFor(
    async () =>
      expect((await reads.listProductionHistory({ allAliases: true })).moves).toMatchObject([
        { alias: "challenger", fromVersion: "", toVersion: "v2" },
        { alias: "champion", fromVersion: "", toVersion: "v1" },
      ]),
    SLOWLY,
  );
});

test("a right moves its own alias only, and of two movers the second is ABORTED with who was first", async (context) => {
  if (missing) return context.skip(missing);
  const trainer = await publisher("promote:challenger");
  const champion = { alias: "champion", version: "v2", reason: "why" };
  expect(await rejectionOf(trainer.setAlias(champion))).toEqual({
    ...{ code: Code.PermissionDenied, reason: "ROLE_MISSING" },
    text: 'this asks for the right "promote:champion" or the role "admin"',
  });
  expect(await rejectionOf((await publisher("viewer", "service")).setAlias(champion))).toMatchObject({
    code: Code.PermissionDenied,
  });
  await (await publisher("promote:champion")).setAlias({ ...champion, expectedVersion: "v1" });
  const late = (await publisher("admin")).setAlias({ ...champion, version: "v1", expectedVersion: "v3" });
  expect(await rejectionOf(late)).toMatchObject({
    ...{ code: Code.Aborted, reason: "ALIAS_MOVED" },
    text: expect.stringMatching(/points at v2, moved by trainer with promote:champion at 20.*, not at v3/),
  });
});

test("a foreign model is imported, and what cannot be is rejected with the reason", async (context) => {
  if (missing) return context.skip(missing);
  const admin = await publisher("admin");
  const model = await readFile(path.join(FOREIGN, "xgboost-classifier.model"));
  const imported = await admin.importModel(
    upload({ model }, { modelName: "foreign", provenance: { builder: "xgboost" } }),
  );
  expect(imported).toMatchObject({ modelName: "foreign", version: "v1", alias: "champion", isNew: true });
  expect(await readManifest(registry, "foreign", "v1")).toMatchObject({ origin: "imported", builder: "xgboost" });
  for (const [files, text] of [
    [{ model: "hello" }, ""],
    [{ model, "model_config.yaml": "{" }, "model_config.yaml"],
    [{ model, background: "a,b\n1,2\n" }, ""],
  ] as const)
    expect(await rejectionOf(admin.importModel(upload(files, { modelName: "broken" })))).toMatchObject({
      ...{ code: Code.FailedPrecondition, reason: "IMPORT_REJECTED" },
      text: expect.stringContaining(text),
    });
  expect(await rejectionOf(listVersions(registry, "broken"))).toMatchObject({
    text: expect.stringContaining("no model"),
  });
});

test("hostile uploads publish nothing", async (context) => {
  if (missing) return context.skip(missing);
  const admin = await publisher("admin");
  const files = await demoFiles(8);
  const cut = async function* () {
    let messages = 0;
    for await (const message of upload(files)) if (messages++ < 2) yield message;
  };
  expect(await rejectionOf(admin.publishModel(cut()))).toMatchObject({ code: Code.InvalidArgument, reason: "UPLOAD" });
  for (const [over, reason] of [
    [{ "model.onnx": new Uint8Array([1, 2, 3]) }, "MODEL_REJECTED"],
    [{ "feature_bundle.json": "{}" }, "MODEL_REJECTED"],
    [{ "../../x": "y" }, "UPLOAD"],
    [{ "MODEL_CARD.md": new Uint8Array([0xff, 0xfe]) }, "UPLOAD"],
  ] as const)
    expect((await rejectionOf(admin.publishModel(upload({ ...files, ...over })))).reason).toBe(reason);
  const other = String(files["feature_bundle.json"]).replace(`"modelName":"${NAME}"`, '"modelName":"other"');
  expect(await rejectionOf(admin.publishModel(upload({ ...files, "feature_bundle.json": other })))).toMatchObject({
    text: expect.stringContaining('is of the model "other"'),
  });
  for (const provenance of [{ reason: "a\nb" }, { reason: "  " }, { builder: "a\u001b[31m" }])
    expect(await rejectionOf(admin.publishModel(upload(files, { provenance })))).toMatchObject({ reason: "UPLOAD" });
  expect(await rejectionOf(admin.publishModel(upload(files, { modelName: "../evil" })))).toMatchObject({
    code: Code.InvalidArgument,
  });
  expect((await listVersions(registry, NAME)).map(({ version }) => version)).toEqual(["v2", "v1"]);
  for (const url of replicas) expect(await servedBy(url)).toMatch(/^v[12]$/);
});

test("a process of another language publishes a version and makes it the champion of both replicas", async (context) => {
  if (missing) return context.skip(missing);
  const folder = await mkdtemp(path.join(os.tmpdir(), "publish-foreign-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(await demoFiles(9))) await writeFile(path.join(folder, name), content);
  const TOKEN = await issueToken(keyFile, { subject: "python", roles: ["admin"], lifetimeS: 600 });
  const script = path.resolve(import.meta.dirname, "publish_model.py");
  const { stdout } = await promisify(execFile)("python3", [script, schedulerWeb, folder], {
    env: { ...process.env, TOKEN },
  });
  const { published, moved } = JSON.parse(stdout);
  expect(published).toMatchObject({ modelName: NAME, alias: "challenger", isNew: true });
  expect(moved).toMatchObject({ alias: { name: "champion", version: published.version, setBy: "python" } });
  for (const url of replicas) await vi.waitFor(async () => expect(await servedBy(url)).toBe(published.version), SLOWLY);
  expect(await readManifest(registry, NAME, published.version)).toMatchObject({ builder: "publish_model.py" });
});

test("an upload whose token expires while it is checked publishes nothing", async (context) => {
  if (missing) return context.skip(missing);
  const admin = await publisher("admin");
  const before = (await listVersions(registry, NAME)).length;
  const files = await demoFiles(10);
  const token = await issueToken(keyFile, { subject: "late", roles: ["admin"], lifetimeS: 3 });
  using transport = createMeshTransport({ url: schedulerUrl, token: () => token });
  async function* slowly() {
    const messages = upload(files);
    // The header is accepted while the token is valid.
    yield (await messages.next()).value ?? {};
    await vi.waitFor(() => expect(expiryOf(token)).toBeLessThan(Date.now()), SLOWLY);
    yield* messages;
  }
  const late = createClient(ModelPublishingService, transport).publishModel(slowly());
  expect(await rejectionOf(late)).toMatchObject({ code: Code.Unauthenticated, reason: "TOKEN_EXPIRED" });
  expect(await listVersions(registry, NAME)).toHaveLength(before);
  expect(await admin.publishModel(upload(files))).toMatchObject({ isNew: true });
});

test("tables of an import that would take too much memory are rejected before their content is sent", async (context) => {
  if (missing) return context.skip(missing);
  const admin = await publisher("admin");
  const model = await readFile(path.join(FOREIGN, "xgboost-classifier.model"));
  const rows = new Uint8Array(16 * 2 ** 20 + 1).fill(0x31);
  for (const [files, text] of [
    [{ model, background: rows }, "background has 16777217 bytes, at most 16777216 are accepted; send a sample"],
    [{ model, expected: rows }, "expected has 16777217 bytes"],
    [{ model, background: "1\n".repeat(20_001) }, "background has more than 20000 lines; send a sample"],
  ] as const)
    expect(await rejectionOf(admin.importModel(upload(files, { modelName: "large" })))).toMatchObject({
      ...{ code: Code.InvalidArgument, reason: "UPLOAD" },
      text: expect.stringContaining(text),
    });
});

/** Returns the time after which a token is not accepted, epoch milliseconds. */
const expiryOf = (token: string): number =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")).exp * 1_000;
