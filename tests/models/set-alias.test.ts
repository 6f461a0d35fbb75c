import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { championsInFolder } from "@bellwether/cli/models/champions";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { createLocalKeys, issueToken, LOCAL_AUDIENCE, LOCAL_ISSUER } from "@bellwether/mesh/auth/local-keys";
import { readPublicKeys } from "@bellwether/mesh/auth/public-keys";
import type { RoleName } from "@bellwether/mesh/call/caller";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { createMlService } from "@bellwether/ml-service/service";
import { readAliases } from "@bellwether/registry/aliases/aliases";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { createSchedulerService } from "@bellwether/scheduler-service/service";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC, demoSupplier, publishDemoModel, trainDemoModel } from "@bellwether/testing/demo-model";
import { type EndedProcess, firstMessage, spawnScript } from "@bellwether/testing/node-process";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { startCommands } from "../../services/cli/test/running-commands.ts";
import { type OpsHarness, startOps } from "../../services/ops-service/test/ops-harness.ts";
import { weeklyFolder } from "../../services/scheduler-service/test/weekly-fixture.ts";
import { startGate } from "../audit/gate.ts";

vi.setConfig({ testTimeout: 60_000 });
const SLOWLY = { timeout: 30_000, interval: 20 };
const NAME = DEMO_SPEC.name;
const logger = createLogger({ name: "test", level: "silent" });
const REPOSITORY = path.resolve(import.meta.dirname, "../..");
const FREE = { host: "127.0.0.1", ports: { grpc: 0, web: 0, admin: 0 } };

const commands = startCommands();
let cluster: PostgresServer;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(async () => {
  await commands[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

/** Root of a registry with v1 and v2. The champion is v2. */
let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "bellwether-models-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await publishDemoModel(root);
  await publishDemoModel(root, 7);
});

type SchedulerOver = Partial<Parameters<typeof createSchedulerService>[0]>;
/** Starts scheduler-service on the registry. Its ops-service does not answer unless `over` names one. */
async function startScheduler(over: SchedulerOver = {}, token?: string) {
  const folder = await weeklyFolder();
  const service = await createSchedulerService({
    ...{ ...FREE, ...folder.settings, logger, registryRoot: root, defaultModel: NAME },
    ...{ mlUrl: "http://127.0.0.1:1", opsUrl: "http://127.0.0.1:1", queueUrl: await cluster.createDatabase() },
    ...{ cron: "0 6 * * 1", timeZone: "UTC", inputFolder: folder.at("."), input: "week.csv", ...over },
  });
  const url = `http://127.0.0.1:${service.addresses.grpc.port}`;
  const transport = createMeshTransport({ url, ...(token !== undefined && { token: () => token }) });
  onTestFinished(async () => {
    transport.close();
    await service.stop();
    await folder[Symbol.asyncDispose]();
  });
  return { service, url, models: createClient(ModelPublishingService, transport) };
}
/** Starts ml-service on the registry and returns its URL. */
async function startMl(): Promise<string> {
  const ml = await createMlService({ ...FREE, registryRoot: root, defaultModel: NAME, pollMs: 1_000, logger });
  onTestFinished(() => ml.stop());
  return `http://127.0.0.1:${ml.addresses.grpc.port}`;
}
/** Runs the command line with a registry folder that does not exist. */
function bellwether(...args: readonly string[]): Promise<EndedProcess> {
  const env = { ...process.env, MODEL_REGISTRY_URL: "file:/nowhere" };
  return commands.run({ args, cwd: REPOSITORY, env });
}
async function rejectionOf(call: Promise<unknown>): Promise<{ code: Code; reason: string | undefined }> {
  const error = await call.then(
    () => Promise.reject(new Error("the call succeeded")),
    (thrown: unknown) => ConnectError.from(thrown),
  );
  return { code: error.code, reason: error.findDetails(ErrorInfoSchema)[0]?.reason };
}
const move = (version: string, over: object = {}) => ({ alias: "champion", version, reason: "because", ...over });
const champions = async () => (await readAliases(root, NAME)).champions.map(({ version }) => version);
/** Returns the moves of aliases in the audit log of ops-service, oldest first. */
async function recorded({ audit }: OpsHarness) {
  const { records } = await audit.queryEvents({ kind: "model.alias_set", pageSize: 500 });
  return records.reverse().map(({ event }) => ({ actor: event?.actor, ...JSON.parse(event?.payloadJson ?? "{}") }));
}

test("SetAlias records who, why and when, and the same call again changes nothing", async () => {
  const { models } = await startScheduler();
  const { alias } = await models.setAlias(move("v1", { expectedVersion: "v2" }));
  expect(alias).toMatchObject({ name: "champion", version: "v1", setBy: "anonymous", reason: "because" });
  expect((await models.setAlias(move("v1", { expectedVersion: "v2" }))).alias).toEqual(alias);
  expect(await champions()).toEqual(["v1", "v2", "v1"]);
});

test("SetAlias answers NOT_FOUND for an unknown model or version, ABORTED for an alias that has moved, and INVALID_ARGUMENT for an invalid name", async () => {
  const { models } = await startScheduler();
  const rejected = (over: object) => rejectionOf(models.setAlias({ ...move("v1"), ...over }));
  expect(await rejected({ modelName: "nobody" })).toEqual({ code: Code.NotFound, reason: "MODEL_NOT_FOUND" });
  expect(await rejected({ version: "v9" })).toEqual({ code: Code.NotFound, reason: "VERSION_NOT_FOUND" });
  expect(await rejected({ expectedVersion: "v1", version: "v9" })).toMatchObject({ code: Code.NotFound });
  const challenger = { alias: "challenger", expectedVersion: "v1" };
  expect(await rejected(challenger)).toEqual({ code: Code.Aborted, reason: "ALIAS_MOVED" });
  for (const over of [
    { modelName: "../evil" },
    { version: "challenger" },
    { version: "../v1" },
    { alias: "production" },
    { reason: "" },
    { reason: "x".repeat(501) },
  ])
    expect(await rejected(over)).toMatchObject({ code: Code.InvalidArgument });
  expect(await champions()).toEqual(["v1", "v2"]);
});

test("only an admin moves an alias, and the history has the admin's name", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-keys-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = await createLocalKeys(path.join(folder, "keys"));
  const keys = await readPublicKeys(files.publicKeysFile);
  const auth = {
    identities: {},
    tokens: { keys, issuer: LOCAL_ISSUER, audience: LOCAL_AUDIENCE, rolesClaim: "roles" },
  };
  const tokenOf = (role: RoleName) =>
    issueToken(files.privateKeyFile, { subject: `${role}@example.org`, roles: [role], lifetimeS: 600 });
  for (const role of ["viewer", "analyst", "service"] as const) {
    const { models } = await startScheduler({ auth }, await tokenOf(role));
    expect(await rejectionOf(models.setAlias(move("v1")))).toMatchObject({ code: Code.PermissionDenied });
  }
  const { models } = await startScheduler({ auth }, await tokenOf("admin"));
  expect((await models.setAlias(move("v1"))).alias?.setBy).toBe("admin@example.org");
});

test("SetAlias rejects a version that cannot be served or whose files were changed", async () => {
  const { models } = await startScheduler();
  const trained = await trainDemoModel(9);
  const rest = { modelName: NAME, origin: "trained" as const, configHash: "", evaluation: null, now: new Date() };
  const golden = JSON.parse(trained.bundleJson);
  golden.golden[0].output += 0.25;
  const wrong = { ...trained, ...rest, bundleJson: JSON.stringify(golden) };
  await expect(publishVersion(root, wrong, checkScoringModel)).rejects.toMatchObject({
    name: "ModelRejectedError",
    message: expect.stringMatching(/^golden row 0: recorded/),
  });
  await publishVersion(root, wrong, async () => {});
  await publishVersion(root, { ...trained, ...rest, onnx: Uint8Array.of(1, 2, 3) }, async () => {});
  for (const version of ["v3", "v4"]) {
    expect(await rejectionOf(models.setAlias(move(version)))).toEqual({
      code: Code.FailedPrecondition,
      reason: "MODEL_REJECTED",
    });
  }
  const text = (version: string, reason: string) =>
    expect.stringMatching(
      `the alias was not moved: ${NAME} ${version} cannot be served: ${reason}.*; publish the version again`,
    );
  await expect(models.setAlias(move("v3"))).rejects.toMatchObject({ rawMessage: text("v3", "golden row 0: recorded") });
  await expect(models.setAlias(move("v4"))).rejects.toMatchObject({
    rawMessage: text("v4", "model.onnx cannot be loaded with its bundle: not a valid ONNX file"),
  });
  for (const [version, reason] of [
    ["v3", "golden row 0: recorded"],
    ["v4", "model.onnx cannot be loaded with its bundle: not a valid ONNX file"],
  ] as const) {
    using folder = championsInFolder(root, "cli");
    const moved = folder.set({ model: NAME, version, reason: "by hand" });
    await expect(moved).rejects.toMatchObject({ name: "ModelRejectedError", message: text(version, reason) });
  }
  await appendFile(path.join(root, NAME, "v1", "model.onnx"), "x");
  expect(await rejectionOf(models.setAlias(move("v1")))).toEqual({ code: Code.DataLoss, reason: "MODEL_CORRUPT" });
  expect(await champions()).toEqual(["v1", "v2"]);
  await models.setAlias(move("v2", { alias: "challenger" }));
});

test("of several writers with the same expected version one moves the alias, by RPC or in the folder", async () => {
  const { models } = await startScheduler();
  await publishDemoModel(root, 8);
  const offline = { modelName: NAME, alias: "champion" as const, setBy: "cli", reason: "beside", now: new Date() };
  const outcomes = await Promise.allSettled([
    ...["v1", "v2", "v1", "v2"].map((version) =>
      models.setAlias(move(version, { expectedVersion: "v3" })).then(({ alias }) => alias?.version),
    ),
    ...["v1", "v2"].map((version) =>
      setAlias(root, { ...offline, version, expectedVersion: "v3" }, checkScoringModel).then((alias) => alias.version),
    ),
  ]);
  const [, , , winner] = await champions();
  expect(await champions()).toHaveLength(4);
  const won = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  // Writers that wanted the winner's version find it set and succeed too.
  expect(new Set(won)).toEqual(new Set([winner]));
  expect(won).toHaveLength(3);
});

test("a writer that is killed while it holds the lock leaves the old alias, and the next writer succeeds", async () => {
  const lock = new URL(import.meta.resolve("@bellwether/registry/files/write-lock")).href;
  const script = `
    const { withWriteLock } = await import(${JSON.stringify(lock)});
    await withWriteLock(${JSON.stringify(path.join(root, NAME))}, () => {
      process.send("held");
      return new Promise(() => setInterval(() => {}, 1000));
    });`;
  const writer = spawnScript(script);
  onTestFinished(() => void writer.child.kill("SIGKILL"));
  await firstMessage(writer, "the writer");
  const { models } = await startScheduler();
  expect(await rejectionOf(models.setAlias(move("v1"), { timeoutMs: 20_000 }))).toEqual({
    code: Code.Unavailable,
    reason: "REGISTRY_BUSY",
  });
  await writer.end("SIGKILL");
  expect(await champions()).toEqual(["v1", "v2"]);
  expect((await models.setAlias(move("v1"))).alias?.version).toBe("v1");
});

test("a writer that is killed at any moment leaves a complete file", async () => {
  const aliases = new URL(import.meta.resolve("@bellwether/registry/publish/set-alias")).href;
  const script = `
    const { setAlias } = await import(${JSON.stringify(aliases)});
    const request = { modelName: ${JSON.stringify(NAME)}, alias: "champion", setBy: "loop", reason: "loop" };
    for (let i = 0; ; i++) {
      await setAlias(${JSON.stringify(root)}, { ...request, version: i % 2 ? "v1" : "v2", now: new Date() }, async () => {});
      process.send(i);
    }`;
  const { models } = await startScheduler();
  for (let round = 0; round < 8; round++) {
    const writer = spawnScript(script);
    // Kills it at a random moment of its next writes.
    for (let writes = 0; writes < 3; writes++) await firstMessage(writer, "the writer");
    await new Promise((resolve) => setTimeout(resolve, round));
    await writer.end("SIGKILL");
    const file = await readAliases(root, NAME);
    expect(file.moves.at(-1)).toEqual(file.aliases[0]);
    const next = file.aliases[0]?.version === "v1" ? "v2" : "v1";
    expect((await models.setAlias(move(next))).alias?.version).toBe(next);
  }
});

test("ml-service scores with the new champion soon after", async () => {
  using transport = createMeshTransport({ url: await startMl() });
  const inference = createClient(InferenceService, transport);
  const { features, categories } = demoSupplier(1);
  const answering = async () =>
    (await inference.predict({ supplier: { supplierId: "x", features, categories } }, { timeoutMs: 30_000 })).score
      ?.model?.version;
  const { models } = await startScheduler();
  expect(await answering()).toBe("v2");
  await models.setAlias(move("v1"));
  await vi.waitFor(async () => expect(await answering()).toBe("v1"), SLOWLY);
  const reads = createClient(ModelRegistryService, transport);
  expect((await reads.listProductionHistory({})).champions[0]).toMatchObject({ version: "v1", reason: "because" });
});

test("a move does not wait for ops-service, and its audit log has every move once when it answers again", async () => {
  await using gate = await startGate();
  const first = await startScheduler({ opsUrl: gate.url });
  await first.models.setAlias(move("v1"));
  await first.models.setAlias(move("v2", { alias: "challenger" }));
  await setAlias(
    root,
    {
      ...{ modelName: NAME, alias: "challenger", version: "v1" },
      setBy: "cli",
      reason: "by hand",
      now: new Date(),
    },
    checkScoringModel,
  );
  expect((await readAliases(root, NAME)).moves).toHaveLength(5);
  await first.service.stop();

  await using ops = await startOps(await cluster.createDatabase());
  gate.openTo(ops.grpcUrl);
  const second = await startScheduler({ opsUrl: gate.url });
  await vi.waitFor(async () => expect(await recorded(ops)).toHaveLength(5), SLOWLY);
  await second.models.setAlias(move("v2"));
  await vi.waitFor(async () => expect(await recorded(ops)).toHaveLength(6), SLOWLY);
  await second.service.stop();
  await startScheduler({ opsUrl: gate.url });
  const third = await startScheduler({ opsUrl: gate.url });
  await third.models.setAlias(move("v1"));
  await vi.waitFor(async () => expect(await recorded(ops)).toHaveLength(7), SLOWLY);
  expect(
    (await recorded(ops)).map(({ alias, version, previous_version, actor }) => [
      alias,
      version,
      previous_version,
      actor,
    ]),
  ).toEqual([
    ["champion", "v1", null, "test"],
    ["champion", "v2", "v1", "test"],
    ["champion", "v1", "v2", "anonymous"],
    ["challenger", "v2", null, "anonymous"],
    ["challenger", "v1", "v2", "cli"],
    ["champion", "v2", "v1", "anonymous"],
    ["champion", "v1", "v2", "anonymous"],
  ]);
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, records: 7n });
});

test("the command line promotes and rolls back through the services when flags name them", async () => {
  const { url } = await startScheduler();
  const at = ["--scheduler", url, "--ml", await startMl()];
  const back = await bellwether("models", "rollback", "--json", ...at);
  expect(JSON.parse(back.stdout)).toMatchObject({ model: NAME, champion: "v1", was: "v2", band_change: null });
  expect(await bellwether("models", "rollback", ...at)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("there is no champion before v1 to go back to; see bellwether models history"),
  });
  const promoted = await bellwether("models", "promote", "v2", "--reason", "by RPC", "--json", ...at);
  expect(promoted).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(promoted.stdout)).toMatchObject({ model: NAME, champion: "v2" });
  const history = await bellwether("models", "history", "--json", ...at);
  expect(JSON.parse(history.stdout).changes.slice(0, 2)).toMatchObject([
    { alias: "champion", version: "v2", set_by: "anonymous", reason: "by RPC" },
    { alias: "champion", version: "v1", set_by: "anonymous", reason: "rolled back by hand" },
  ]);
  const { moves } = await readAliases(root, NAME);
  expect(moves.slice(2)).toMatchObject([
    { version: "v1", setBy: "anonymous", reason: "rolled back by hand" },
    { version: "v2", setBy: "anonymous", reason: "by RPC" },
  ]);
  expect(await bellwether("models", "promote", "v9", ...at)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('has no version or alias "v9"'),
  });
  const away = ["--scheduler", "http://127.0.0.1:1", "--ml", "http://127.0.0.1:1"];
  // The command sends a version to scheduler-service. It first looks an alias up at ml-service.
  for (const [version, service] of [
    ["v1", "scheduler-service"],
    ["challenger", "ml-service"],
  ] as const) {
    const stderr = expect.stringContaining(
      `${service} does not answer at http://127.0.0.1:1; npx bellwether start starts it`,
    );
    expect(await bellwether("models", "promote", version, ...away)).toMatchObject({ code: 1, stderr });
  }
});

test("SetAlias answers DATA_LOSS for a damaged alias file and leaves it as it is", async () => {
  const file = path.join(root, NAME, "aliases.json");
  await writeFile(file, "{");
  const { models } = await startScheduler();
  expect(await rejectionOf(models.setAlias(move("v1")))).toEqual({ code: Code.DataLoss, reason: "MODEL_CORRUPT" });
  expect(await readFile(file, "utf8")).toBe("{");
});
