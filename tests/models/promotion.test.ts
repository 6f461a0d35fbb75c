import { cp, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DEFAULT_PROMOTION_POLICY } from "@bellwether/config/promotion-policy";
import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { GateCheckOutcome, GateVerdict } from "@bellwether/gen/bellwether/registry/v1/promotion_gate_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { createLocalKeys, issueToken, LOCAL_AUDIENCE, LOCAL_ISSUER } from "@bellwether/mesh/auth/local-keys";
import { readPublicKeys } from "@bellwether/mesh/auth/public-keys";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { createMlService } from "@bellwether/ml-service/service";
import { readAliases } from "@bellwether/registry/aliases/aliases";
import { removeVersion } from "@bellwether/registry/publish/remove-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { createSchedulerService } from "@bellwether/scheduler-service/service";
import { GATE_LIMITS, gateVersions } from "@bellwether/scoring/promotion/gate-versions";
import { recordAndPromote } from "@bellwether/scoring/promotion/promote-passed";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC, DEMO_TABLE, publishDemoModel } from "@bellwether/testing/demo-model";
import { runNode } from "@bellwether/testing/node-process";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { type OpsHarness, startOps } from "../../services/ops-service/test/ops-harness.ts";
import { weeklyFolder } from "../../services/scheduler-service/test/weekly-fixture.ts";
import { startGate } from "../audit/gate.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });
const SLOWLY = { timeout: 30_000, interval: 20 };
const NAME = DEMO_SPEC.name;
const FREE = { host: "127.0.0.1", ports: { grpc: 0, web: 0, admin: 0 } };
const logger = createLogger({ name: "test", level: "silent" });
const REPOSITORY = path.resolve(import.meta.dirname, "../..");
const accept = async (): Promise<void> => {};

let cluster: PostgresCluster;
beforeAll(async () => {
  cluster = await startPostgresCluster();
  template = root = await mkdtemp(path.join(os.tmpdir(), "bellwether-promotion-"));
  await publishDemoModel(root);
  await publishDemoModel(root, 7);
  await alias("champion", "v1");
  await alias("challenger", "v2");
  firstGate = await gate();
});
afterAll(async () => {
  await rm(template, { recursive: true, force: true });
  await cluster[Symbol.asyncDispose]();
});

/** Root of a registry with the champion v1 and the challenger v2, and the id of a result that a person has to decide about. */
let root = "";
let gateId = "";
/** The registry that each test gets a copy of. */
let template = "";
let firstGate = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "bellwether-promotion-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await cp(template, root, { recursive: true });
  gateId = firstGate;
});

const alias = (name: "champion" | "challenger", version: string) =>
  setAlias(root, { modelName: NAME, alias: name, version, setBy: "test", reason: "set", now: new Date() }, accept);
/** Runs the gate over some demo suppliers, and returns the id of its result. */
async function gate(window = "demo rows"): Promise<string> {
  const rows = Uint32Array.from({ length: 900 }, (_, row) => row);
  const record = await gateVersions(root, {
    ...{ modelName: NAME, champion: "v1", challenger: "v2", table: DEMO_TABLE, rows, window, openAlerts: null },
    policy: { ...DEFAULT_PROMOTION_POLICY, minClassSuppliers: 100_000 },
    ...{ limits: GATE_LIMITS, gatedBy: "test", now: new Date() },
  });
  return (await recordAndPromote(root, record, { isAutomatic: true }, accept, new Date())).entry.id;
}

async function startScheduler(over: Partial<Parameters<typeof createSchedulerService>[0]> = {}, token?: string) {
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

async function rejectionOf(call: Promise<unknown>) {
  const error = await call.then(
    () => Promise.reject(new Error("the call succeeded")),
    (thrown: unknown) => ConnectError.from(thrown),
  );
  return [error.code, error.findDetails(ErrorInfoSchema)[0]?.reason];
}
const decision = (over: object = {}) => ({ version: "v2", gateId, reason: "looked at the alerts", ...over });
const champions = async () => (await readAliases(root, NAME)).champions.map(({ version }) => version);
/** Returns the kinds, actors and reasons of the events about promotions, oldest first. */
async function recorded({ audit }: OpsHarness): Promise<string[]> {
  const kinds = ["model.gated", "model.promotion_approved", "model.promotion_rejected"];
  const pages = await Promise.all(kinds.map((kind) => audit.queryEvents({ kind, pageSize: 500 })));
  return pages.flatMap(({ records }) => records.map(({ event }) => `${event?.kind} ${event?.actor}`)).sort();
}

test("an approval makes the challenger the champion, records who and why, and repeated changes nothing", async () => {
  const { models } = await startScheduler();
  const answers = await Promise.all([1, 2, 3].map(() => models.approvePromotion(decision())));
  for (const { alias: moved } of answers)
    expect(moved).toMatchObject({
      name: "champion",
      version: "v2",
      setBy: "anonymous",
      reason: "looked at the alerts",
    });
  expect(await champions()).toEqual(["v1", "v2", "v1", "v2"]);
  expect(await rejectionOf(models.rejectPromotion(decision()))).toEqual([Code.Aborted, "PROMOTION_DECIDED"]);
});

test("a rejection is recorded, moves no alias, and an approval after it is ABORTED", async () => {
  const { models } = await startScheduler();
  const { decision: made } = await models.rejectPromotion(decision({ reason: "too many new alerts" }));
  expect(made).toMatchObject({ isApproved: false, decidedBy: "anonymous", reason: "too many new alerts" });
  expect((await models.rejectPromotion(decision())).decision).toEqual(made);
  expect(await rejectionOf(models.approvePromotion(decision()))).toEqual([Code.Aborted, "PROMOTION_DECIDED"]);
  expect((await champions()).at(-1)).toBe("v1");
});

test("old, unknown and invalid results, another champion and a removed version are rejected with their reason", async () => {
  const { models } = await startScheduler();
  const newer = await gate("other rows");
  expect(await rejectionOf(models.approvePromotion(decision()))).toEqual([Code.Aborted, "GATE_STALE"]);
  const unknown = decision({ gateId: "0".repeat(64) });
  expect(await rejectionOf(models.approvePromotion(unknown))).toEqual([Code.NotFound, "GATE_NOT_FOUND"]);
  for (const over of [{ gateId: "x" }, { reason: "" }, { reason: "\u200b" }, { reason: "x".repeat(501) }])
    expect((await rejectionOf(models.approvePromotion(decision(over))))[0]).toBe(Code.InvalidArgument);
  await alias("champion", "v2");
  await alias("champion", "v1");
  await alias("challenger", "v1");
  await removeVersion(root, { modelName: NAME, version: "v2", removedBy: "test", reason: "old", now: new Date() });
  const gone = decision({ gateId: newer });
  expect(await rejectionOf(models.approvePromotion(gone))).toEqual([Code.NotFound, "VERSION_NOT_FOUND"]);
});

test("only an admin, or a caller with the right of the champion, decides", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-keys-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = await createLocalKeys(path.join(folder, "keys"));
  const keys = await readPublicKeys(files.publicKeysFile);
  const tokens = { keys, issuer: LOCAL_ISSUER, audience: LOCAL_AUDIENCE, rolesClaim: "roles" };
  const tokenOf = (roles: readonly string[]) =>
    issueToken(files.privateKeyFile, { subject: roles.join("+"), roles: [...roles] as never, lifetimeS: 600 });
  const auth = { identities: {}, tokens };
  for (const roles of [["viewer"], ["analyst"], ["viewer", "promote:challenger"]]) {
    const { models } = await startScheduler({ auth }, await tokenOf(roles));
    expect((await rejectionOf(models.approvePromotion(decision())))[0]).toBe(Code.PermissionDenied);
    expect((await rejectionOf(models.rejectPromotion(decision())))[0]).toBe(Code.PermissionDenied);
  }
  const { models } = await startScheduler({ auth }, await tokenOf(["viewer", "promote:champion"]));
  expect((await models.approvePromotion(decision())).alias?.setBy).toBe("viewer+promote:champion");
});

test("ml-service returns the newest result with its checks, plots and decision, and the card has it", async () => {
  const ml = await createMlService({ ...FREE, registryRoot: root, defaultModel: NAME, pollMs: 1_000, logger });
  onTestFinished(() => ml.stop());
  using transport = createMeshTransport({ url: `http://127.0.0.1:${ml.addresses.grpc.port}` });
  const reads = createClient(ModelRegistryService, transport);
  const { result } = await reads.getGateResult({});
  expect(result).toMatchObject({ gateId, champion: "v1", challenger: "v2", verdict: GateVerdict.HELD, rows: 900n });
  expect(result?.checks.find(({ name }) => name === "window")).toMatchObject({
    ...{ outcome: GateCheckOutcome.HELD, bound: 100_000 },
    reason: expect.stringMatching(/^the challenger may have been trained on \d+ of 900 rows$/),
  });
  expect(result?.plots.map(({ name }) => name)).toEqual([
    "gate-reliability",
    "gate-precision-recall",
    "gate-score-shift",
  ]);
  expect(result?.references[0]).toMatchObject({ auc: 0.5, rows: 900n });
  expect(result?.decision).toBeUndefined();
  const { models } = await startScheduler();
  await models.rejectPromotion(decision());
  expect((await reads.getGateResult({ version: "v2" })).result?.decision).toMatchObject({ isApproved: false });
  expect((await reads.getVersion({ version: "v2" })).modelCard).toContain(`Result \`${gateId}\``);
  expect(await rejectionOf(reads.getGateResult({ version: "v1" }))).toEqual([Code.NotFound, "GATE_NOT_FOUND"]);
});

test("the audit log has each result and each decision once, also when ops-service was away", async () => {
  await using away = await startGate();
  const first = await startScheduler({ opsUrl: away.url });
  await first.models.rejectPromotion(decision());
  gateId = await gate("other rows");
  await first.models.approvePromotion(decision());
  await first.service.stop();
  await using ops = await startOps(await cluster.createDatabase());
  away.openTo(ops.grpcUrl);
  const expected = [
    "model.gated test",
    "model.gated test",
    "model.promotion_approved anonymous",
    "model.promotion_rejected anonymous",
  ];
  const second = await startScheduler({ opsUrl: away.url });
  await vi.waitFor(async () => expect(await recorded(ops)).toEqual(expected), SLOWLY);
  // A repeated decision and another reader of the registry add nothing.
  await second.models.approvePromotion(decision());
  await startScheduler({ opsUrl: away.url });
  await alias("challenger", "v1");
  await vi.waitFor(async () => {
    const { records } = await ops.audit.queryEvents({ kind: "model.alias_set", pageSize: 500 });
    expect(records[0]?.event?.payloadJson).toContain('"challenger"');
  }, SLOWLY);
  expect(await recorded(ops)).toEqual(expected);
});

test("the command line approves, rejects and rolls back, through scheduler-service and in the folder", async () => {
  const run = (env: Record<string, string>, ...args: readonly string[]) =>
    runNode("services/cli/bellwether.js", { args, cwd: REPOSITORY, env: { ...process.env, ...env } });
  const { url } = await startScheduler();
  const words = ["v2", "--gate", gateId, "--reason", "looked at it", "--json"];
  const approved = await run(
    { MODEL_REGISTRY_URL: "file:/nowhere" },
    "models",
    "approve",
    ...words,
    "--scheduler",
    url,
  );
  expect([approved.code, approved.stderr]).toEqual([0, ""]);
  expect(JSON.parse(approved.stdout)).toMatchObject({ model: NAME, version: "v2", is_approved: true, by: "anonymous" });
  const folder = { MODEL_REGISTRY_URL: `file:${root}`, USER: "cli" };
  const rejected = await run(folder, "models", "reject", ...words);
  expect(rejected).toMatchObject({ code: 1, stderr: expect.stringContaining("was approved by anonymous") });
  const shown = await run(folder, "models", "show", "v2");
  expect(shown.stdout).toContain("Approved at ");
  const back = await run(folder, "models", "rollback");
  expect(back.stdout).toContain("champion is v1 again, was v2");
  expect(await run(folder, "models", "approve", "v2", "--gate", "short", "--reason", "x")).toMatchObject({
    stderr: expect.stringContaining("expected the 64 hex digits that models gate has printed"),
  });
});

test("a second rollback goes further back than the first, and a third one has no version to go to", async () => {
  const own = await mkdtemp(path.join(os.tmpdir(), "bellwether-rollbacks-"));
  onTestFinished(() => rm(own, { recursive: true, force: true }));
  for (const seed of [DEMO_SPEC.seed, 7, 7]) await publishDemoModel(own, seed);
  const rollback = () =>
    runNode("services/cli/bellwether.js", {
      args: ["models", "rollback", "--reason", "more false alarms"],
      cwd: REPOSITORY,
      env: { ...process.env, MODEL_REGISTRY_URL: `file:${own}` },
    });
  expect((await rollback()).stdout).toContain("champion is v2 again, was v3");
  expect((await rollback()).stdout).toContain("champion is v1 again, was v2");
  expect(await rollback()).toMatchObject({
    ...{ code: 2, stdout: "", stderr: expect.stringContaining("there is no champion before v1 to go back to") },
  });
  const champions = async () => (await readAliases(own, NAME)).champions.map(({ version }) => version);
  expect(await champions()).toEqual(["v1", "v2", "v3", "v2", "v1"]);
  // A promotion after them is undone like any other.
  const again = { modelName: NAME, alias: "champion" as const, version: "v3", setBy: "test", reason: "again" };
  await setAlias(own, { ...again, now: new Date() }, accept);
  expect((await rollback()).stdout).toContain("champion is v1 again, was v3");
});
