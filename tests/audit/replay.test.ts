import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { SubmitChunkRequestSchema } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ReplayFindingCode, ReplayOutcome } from "@bellwether/gen/bellwether/ops/v1/replay_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { DEMO_FEATURES, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { runNode } from "@bellwether/testing/node-process";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV, type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { create } from "@bufbuild/protobuf";
import { type Client, Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { failureOf, type OpsHarness, reasonOf, startOps } from "../../services/ops-service/test/ops-harness.ts";
import { startGate } from "./gate.ts";

// Each process loads all its modules: this takes seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });
const SLOWLY = { timeout: 30_000, interval: 50 };
const CLI = path.resolve(import.meta.dirname, "../../services/cli/bellwether.js");
const { EQUAL, DIFFERENT, NOT_REPLAYABLE } = ReplayOutcome;
const ANY_LOSS = { maxRejectedShare: 1, maxRejectedRows: 1_000_000_000, minSuppliersShare: 0 };

const open = new AsyncDisposableStack();
let folder = "";
let models = "";
let cluster: PostgresServer;
let database: PostgresPool;
let ml: ServiceProcess;
let inference: Client<typeof InferenceService>;
let ops: OpsHarness;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-replay-"));
  open.defer(() => rm(folder, { recursive: true, force: true }));
  models = path.join(folder, "models");
  // v1 to v4; the last one is the champion.
  for (const seed of [42, 7, 8, 9]) await publishDemoModel(models, seed);
  cluster = open.use(await usePostgres());
  const databaseUrl = await cluster.createDatabase();
  const gate = open.use(await startGate());
  ops = open.use(await startOps(databaseUrl, { mlUrl: gate.url }));
  database = await openPostgres(databaseUrl, { max: 1 });
  open.defer(() => database.close());
  ml = open.use(await startMl(ops.grpcUrl));
  gate.openTo(ml.grpc);
  inference = createClient(InferenceService, createGrpcTransport({ baseUrl: ml.grpc }));
});
afterAll(() => open.disposeAsync());

let processes = 0;
const startMl = (opsUrl: string, env: Readonly<Record<string, string>> = {}) =>
  startService("ml-service", {
    MODEL_REGISTRY_URL: `file:${models}`,
    BELLWETHER_DATA_DIR: path.join(folder, `data-${processes++}`),
    ...{ BELLWETHER_AUDIT_SINK: "ops", OPS_SERVICE_URL: opsUrl, ...env },
  });

const supplierOf = (i: number, text?: string) => {
  const { features, categories, text: contract } = demoSupplier(i);
  return { supplierId: `S_${i}`, features, categories, contractText: text ?? contract };
};

/** Scores a supplier and waits until the event is in the audit log. Returns the id of the prediction. */
async function predict(i: number, { text, version = "v1" }: { text?: string; version?: string } = {}) {
  const model = { modelName: "supplier-risk", modelVersion: version };
  const request = { supplier: supplierOf(i, text), model, topContributions: 3 };
  // The version is loaded first.
  const { score } = await inference.predict(request, { timeoutMs: 60_000 });
  const id = score?.predictionId ?? "";
  await recorded(id);
  return id;
}

const recorded = (id: string) =>
  vi.waitFor(async () => {
    const { rows } = await database.query<{ sequence: string; eventId: string }>(
      `select sequence, event_id as "eventId" from bellwether.audit_event where payload like '%' || $1 || '%'`,
      [id],
    );
    const [row] = rows;
    if (!row) throw new Error(`no event has ${id}`);
    return row;
  }, SLOWLY);

const replay = async (id: string) => {
  const answer = await ops.audit.replayPrediction({ id });
  if (!answer.comparison) throw new Error("the answer has no comparison");
  return { ...answer, comparison: answer.comparison };
};
const findingsOf = async (id: string) => {
  const { comparison } = await replay(id);
  return { outcome: comparison.outcome, findings: comparison.findings.map(({ code }) => code) };
};

describe("ReplayPrediction", () => {
  test.each<[string, string | undefined]>([
    ["with a contract text", undefined],
    ["without a text", ""],
    ["with a text that has none of the model's terms", "zzz"],
  ])("computes a score %s again, bit for bit, by a version that no alias names", async (_, text) => {
    const id = await predict(1, text === undefined ? {} : { text });
    const answer = await replay(id);
    expect(answer).toMatchObject({ kind: "prediction.served", supplierId: "S_1" });
    // Risk score, band, margin, base value and three contributions.
    expect(answer.comparison).toMatchObject({ outcome: EQUAL, decisions: 1n, numbers: 7n, numbersDifferent: 0n });
    expect(answer.comparison).toMatchObject({
      findings: [],
      recordedBy: { version: "v1" },
      replayedBy: { version: "v1" },
    });
    expect(answer.replayedRiskScore).toBe(answer.recordedRiskScore);
    // The text itself is nowhere in the database.
    const { rows } = await database.query("select from bellwether.audit_event where position($1 in payload) > 0", [
      supplierOf(1).contractText.slice(0, 20),
    ]);
    expect(rows).toEqual([]);
  });

  test("computes an explanation, and a score of too few features, again", async () => {
    const parts = await Array.fromAsync(inference.explain({ supplier: supplierOf(2) }));
    const base = parts.flatMap(({ part }) => (part.case === "base" ? [part.value] : []))[0];
    const explained = base?.score?.predictionId ?? "";
    await recorded(explained);
    expect(await findingsOf(explained)).toEqual({ outcome: EQUAL, findings: [] });
    const thin = { supplierId: "S_thin", features: { past_disputes: 3 } };
    const { score } = await inference.predict({ supplier: thin });
    await recorded(score?.predictionId ?? "");
    const answer = await replay(score?.predictionId ?? "");
    expect(answer.recordedRiskScore).toBeUndefined();
    expect(answer.comparison.outcome).toBe(EQUAL);
  });

  test("computes a batch again from its event, in columns and in rows, with a row that is rejected", async () => {
    const ids = ["S_1", "S_2", "S_3"];
    const suppliers = ids.map((_, i) => supplierOf(i + 1, ""));
    const batch = await inference.predictBatch({
      supplierIds: ids,
      numbers: DEMO_FEATURES.map((name) => ({ name, values: suppliers.map(({ features }) => features[name] ?? 0) })),
      categories: [
        { name: "region", dictionary: suppliers.map(({ categories }) => categories.region), codes: [0, 1, 2] },
      ],
      withContributions: true,
    });
    expect(batch.violations).toEqual([]);
    await inference.predictRows({ suppliers: [...suppliers, { supplierId: "S_odd", features: { unknown: 1 } }] });
    const events = await vi.waitFor(async () => {
      const { records } = await ops.audit.queryEvents({ kind: "batch.served" });
      expect(records).toHaveLength(2);
      return records;
    }, SLOWLY);
    const [rows, columns] = events.map(({ event }) => event?.eventId ?? "");
    const replayed = await replay(columns ?? "");
    expect(replayed.comparison).toMatchObject({ outcome: EQUAL, decisions: 3n, numbers: 4n });
    expect((await replay(rows ?? "")).comparison).toMatchObject({ outcome: EQUAL, decisions: 4n, numbers: 4n });
  });

  test("rejects an id that nothing has, and says of other events that they are no scores", async () => {
    expect(await reasonOf(ops.audit.replayPrediction({ id: "0197c0de-0000-7000-8000-000000000000" }))).toEqual([
      Code.NotFound,
      "DECISION_NOT_FOUND",
    ]);
    expect(await reasonOf(ops.audit.replayPrediction({ id: "S_1" }))).toEqual([
      Code.InvalidArgument,
      "INVALID_REQUEST",
    ]);
    const eventId = "0f3c7a00-0000-4000-8000-000000000000";
    const occurredAt = { seconds: 1n, nanos: 0 };
    await ops.audit.appendEvents(
      (async function* () {
        yield { events: [{ eventId, kind: "something.else", actor: "test", occurredAt, payloadJson: "{}" }] };
      })(),
    );
    expect(await findingsOf(eventId)).toEqual({ outcome: NOT_REPLAYABLE, findings: [ReplayFindingCode.NOT_A_SCORE] });
  });

  test("computes nothing from a payload that was changed or erased", async () => {
    const id = await predict(3);
    const { eventId } = await recorded(id);
    // A superuser can turn off the trigger that rejects changes.
    await database.query("set session_replication_role = replica");
    const change = (to: string) =>
      database.query(`update bellwether.audit_event set ${to} where event_id = $1`, [eventId]);
    await change(`payload = regexp_replace(payload, '"delivery_score":[-0-9.e]+', '"delivery_score":0.5')`);
    const forged = await replay(eventId);
    expect(forged.comparison).toMatchObject({ outcome: NOT_REPLAYABLE, decisions: 0n });
    expect(forged.comparison.findings).toMatchObject([{ code: ReplayFindingCode.RECORD_CHANGED }]);
    expect(forged.comparison.findings[0]?.message).toContain("was changed after it was recorded");
    await change("payload = null, salt = null");
    await database.query("reset session_replication_role");
    expect(await findingsOf(eventId)).toEqual({
      outcome: NOT_REPLAYABLE,
      findings: [ReplayFindingCode.PAYLOAD_ERASED],
    });
    expect(await reasonOf(ops.audit.replayPrediction({ id }))).toEqual([Code.NotFound, "DECISION_NOT_FOUND"]);
  });

  test("says that a version is removed, and that it has other files", async () => {
    const removed = await predict(4, { version: "v2" });
    const other = await predict(4, { version: "v3" });
    await using again = await startMl(ops.grpcUrl, { BELLWETHER_AUDIT_SINK: "off" });
    await rm(path.join(models, "supplier-risk", "v2"), { recursive: true });
    await rm(path.join(models, "supplier-risk", "v3"), { recursive: true });
    await cp(path.join(models, "supplier-risk", "v1"), path.join(models, "supplier-risk", "v3"), { recursive: true });
    const manifest = path.join(models, "supplier-risk", "v3", "manifest.json");
    await writeFile(manifest, (await readFile(manifest, "utf8")).replace('"version": "v1"', '"version": "v3"'));
    await using restarted = await startOps(await cluster.createDatabase(), { mlUrl: again.grpc });
    await copyLog(restarted);
    const outcomes = await Promise.all(
      [removed, other].map(async (id) => (await restarted.audit.replayPrediction({ id })).comparison),
    );
    expect(outcomes.map((one) => one?.outcome)).toEqual([NOT_REPLAYABLE, NOT_REPLAYABLE]);
    expect(outcomes[0]?.findings).toMatchObject([{ code: ReplayFindingCode.VERSION_REMOVED }]);
    expect(outcomes[0]?.findings[0]?.message).toBe("The registry has no supplier-risk v2 any more.");
    expect(outcomes[1]?.findings).toMatchObject([{ code: ReplayFindingCode.MODEL_DIFFERS }]);
  });
});

/** Appends the events of the log to that of another ops-service. */
async function copyLog(to: OpsHarness): Promise<void> {
  const { records } = await ops.audit.queryEvents({ kind: "prediction.served", pageSize: 500 });
  const events = records.flatMap(({ event }) => (event && event.payloadJson !== "" ? [event] : [])).reverse();
  await to.audit.appendEvents(
    (async function* () {
      yield { events };
    })(),
  );
}

describe("what is kept", () => {
  test.each<[string, Parameters<typeof createRiskPolicy>[1], string, ReplayFindingCode]>([
    ["no features", { replay: { keepsFeatures: false, text: "weights" } }, "", ReplayFindingCode.INPUT_NOT_KEPT],
    ["texts as a hash", { replay: { keepsFeatures: true, text: "hash" } }, "text", ReplayFindingCode.TEXT_NOT_KEPT],
  ])("a policy that keeps %s is named, and the log has nothing more", async (_, policy, text, code) => {
    const databaseUrl = await cluster.createDatabase();
    await using strict = await startOps(databaseUrl, {
      mlUrl: ml.grpc,
      riskPolicy: createRiskPolicy(ANY_LOSS, policy),
    });
    await using other = await startMl(strict.grpcUrl);
    const client = createClient(InferenceService, createGrpcTransport({ baseUrl: other.grpc }));
    const withText = await client.predict({
      supplier: supplierOf(5, text === "" ? undefined : "A delivery contract."),
    });
    const without = await client.predict({ supplier: supplierOf(6, "") });
    await client.predictRows({ suppliers: [supplierOf(6, "")] });
    await vi.waitFor(async () => expect((await strict.audit.queryEvents({})).records).toHaveLength(3), SLOWLY);
    const { comparison } = await strict.audit.replayPrediction({ id: withText.score?.predictionId ?? "" });
    expect(comparison).toMatchObject({ outcome: NOT_REPLAYABLE, findings: [{ code }] });
    const second = await strict.audit.replayPrediction({ id: without.score?.predictionId ?? "" });
    expect(second.comparison?.outcome).toBe(code === ReplayFindingCode.TEXT_NOT_KEPT ? EQUAL : NOT_REPLAYABLE);
    const payloads = (await strict.audit.queryEvents({})).records.map(({ event }) => event?.payloadJson ?? "");
    for (const payload of payloads) expect(payload).not.toContain("term_weights");
    if (code === ReplayFindingCode.INPUT_NOT_KEPT)
      for (const payload of payloads) {
        expect(payload).not.toContain("past_disputes");
        expect(payload).not.toContain("bytes");
      }
  });

  test("BELLWETHER_AUDIT_INPUT=digest keeps the values in ml-service; large batches and batches with texts are named", async () => {
    await using other = await startOps(await cluster.createDatabase(), { mlUrl: ml.grpc });
    const idOf = async (harness: OpsHarness, count: number) =>
      await vi.waitFor(async () => {
        const { records } = await harness.audit.queryEvents({});
        expect(records).toHaveLength(count);
        return records[0]?.event?.eventId ?? "";
      }, SLOWLY);
    const codeOf = async (id: string) => (await other.audit.replayPrediction({ id })).comparison?.findings[0]?.code;
    {
      await using quiet = await startMl(other.grpcUrl, { BELLWETHER_AUDIT_INPUT: "digest" });
      const client = createClient(InferenceService, createGrpcTransport({ baseUrl: quiet.grpc }));
      await client.predict({ supplier: supplierOf(1) });
      expect(await codeOf(await idOf(other, 1))).toBe(ReplayFindingCode.INPUT_NOT_KEPT);
    }
    await using loud = await startMl(other.grpcUrl);
    const client = createClient(InferenceService, createGrpcTransport({ baseUrl: loud.grpc }));
    await client.predictRows({ suppliers: [supplierOf(1), supplierOf(2, "")] });
    expect(await codeOf(await idOf(other, 2))).toBe(ReplayFindingCode.TEXT_NOT_KEPT);
    const ids = Array.from({ length: 8_192 }, (_, i) => `S_${i}`);
    await client.predictBatch({ supplierIds: ids });
    expect(await codeOf(await idOf(other, 3))).toBe(ReplayFindingCode.INPUT_TOO_LARGE);
    const long = "x".repeat(60_000);
    await client.predict({ supplier: { ...supplierOf(1, ""), categories: { region: long } } });
    expect(await codeOf(await idOf(other, 4))).toBe(ReplayFindingCode.INPUT_TOO_LARGE);
  });
});

describe("ReplayRun", () => {
  beforeAll(async () => {
    await scoreWeek("2026-W01", [1, 2, 3]);
    await scoreWeek("2026-W02", [11, 12, 13], { keeps: "no text" });
    await scoreWeek("2026-W03", [21, 22, 23], { keeps: "nothing" });
  });

  test("computes a weekly run again, bit for bit, with an unknown category, missing values and a missing text", async () => {
    const { comparison, nextPageToken, rowsScored } = await ops.audit.replayRun({ isoWeek: "2026-W01" });
    expect([nextPageToken, rowsScored]).toEqual(["", 3n]);
    expect(comparison).toMatchObject({ outcome: EQUAL, decisions: 3n, numbersDifferent: 0n, findings: [] });
    // Each score has a risk score, a band and one contribution per column.
    expect(Number(comparison?.numbers)).toBeGreaterThan(3 * 8);
    const one = await ops.audit.replayRun({ isoWeek: "2026-W01", supplierId: "odd" });
    expect(one.comparison).toMatchObject({ outcome: EQUAL, decisions: 1n });
  });

  test("shows the bits of a stored score that was changed, and of a stored feature value", async () => {
    const { runId } = await ops.audit.replayRun({ isoWeek: "2026-W01" });
    await database.query(`update bellwether.score_r${runId} set p = p + 1e-16 + p * 2.3e-16 where pos = 0`);
    const { comparison } = await ops.audit.replayRun({ isoWeek: "2026-W01" });
    expect(comparison).toMatchObject({ outcome: DIFFERENT, decisionsDifferent: 1n, numbersDifferent: 1n });
    const [difference] = comparison?.differences ?? [];
    expect(difference).toMatchObject({ supplierId: "full", field: "risk_score" });
    expect(difference?.recorded).toMatch(/^3f[0-9a-f]{14}$/);
    expect(difference?.replayed).not.toBe(difference?.recorded);
    const args = ["audit", "replay", "--run", "2026-W01", "--json"];
    const { code, stdout, stderr } = await cli(...args);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: "different", decisions: 3, decisions_different: 1 });
    expect(stderr).toContain("1 of 3 decisions differ");
  });

  test("says what a run has not stored", async () => {
    const noText = await ops.audit.replayRun({ isoWeek: "2026-W02" });
    expect(noText.comparison).toMatchObject({ outcome: NOT_REPLAYABLE, decisions: 1n });
    expect(noText.comparison?.findings).toMatchObject([{ code: ReplayFindingCode.TEXT_NOT_KEPT }]);
    const nothing = await ops.audit.replayRun({ isoWeek: "2026-W03" });
    expect(nothing.comparison).toMatchObject({ outcome: NOT_REPLAYABLE, decisions: 0n });
    expect(nothing.comparison?.findings[0]?.message).toBe(
      "The run of 2026-W03 has not stored the values of the features of 3 of 3 suppliers of this chunk.",
    );
    await database.query(`update bellwether.run set scores_expired_at = now() where iso_week = '2026-W03'`);
    const expired = await ops.audit.replayRun({ isoWeek: "2026-W03" });
    expect(expired.comparison?.findings).toMatchObject([{ code: ReplayFindingCode.SCORES_EXPIRED }]);
  });

  test("rejects a week without a run, an unknown supplier and a foreign token", async () => {
    expect(await reasonOf(ops.audit.replayRun({ isoWeek: "2026-W52" }))).toEqual([Code.NotFound, "RUN_NOT_FOUND"]);
    expect(await reasonOf(ops.audit.replayRun({ isoWeek: "2026-W01", supplierId: "nobody" }))).toEqual([
      Code.NotFound,
      "SCORE_NOT_FOUND",
    ]);
    const foreign = await failureOf(ops.audit.replayRun({ isoWeek: "2026-W01", pageToken: "bm8" }));
    expect(foreign.code).toBe(Code.InvalidArgument);
  });
});

const cli = (...args: string[]) =>
  runNode(CLI, { args, cwd: folder, env: { ...PROCESS_ENV, OPS_SERVICE_URL: ops.grpcUrl } });

test("bellwether audit replay prints one decision, and rejects options that do not belong together", async () => {
  const id = await predict(7);
  const { code, stdout } = await cli("audit", "replay", id);
  expect(code).toBe(0);
  expect(stdout).toContain("prediction.served of S_7");
  expect(stdout).toContain("equal bit for bit: 1 decision, 7 numbers compared");
  const json = await cli("audit", "replay", id, "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({ outcome: "equal", supplier_id: "S_7", numbers_different: 0 });
  for (const args of [[], [id, "--run", "2026-W01"], ["S_7"], [id, "--supplier", "S_7"]])
    expect((await cli("audit", "replay", ...args)).code).toBe(2);
});

const IDS = ["full", "thin", "odd"];

/** Runs a week as scheduler-service does. "thin" lacks a number and the text, and "odd" has an unknown region. */
async function scoreWeek(
  isoWeek: string,
  rows: readonly number[],
  { keeps = "all" }: { keeps?: "all" | "no text" | "nothing" } = {},
) {
  const suppliers = rows.map((row, i) => {
    const { features, categories, text } = demoSupplier(row);
    const numbers: Readonly<Record<string, number>> = i === 1 ? { ...features, past_disputes: Number.NaN } : features;
    return { numbers, region: i === 2 ? "Atlantis" : categories.region, text: i === 1 ? "" : text };
  });
  const transport = createGrpcTransport({ baseUrl: ml.grpc });
  const selector = { modelName: "supplier-risk", version: "v1" };
  const { features } = await createClient(ModelRegistryService, transport).getVersion(selector);
  const scores = await inference.predictBatch({
    supplierIds: IDS,
    model: { modelName: "supplier-risk", modelVersion: "v1" },
    numbers: DEMO_FEATURES.map((name) => ({
      name,
      values: suppliers.map(({ numbers }) => numbers[name] ?? Number.NaN),
    })),
    categories: [{ name: "region", dictionary: suppliers.map(({ region }) => region), codes: [0, 1, 2] }],
    contractTexts: suppliers.map(({ text }) => text),
    ...{ withContributions: true, withTermWeights: true },
  });
  const regions = features.find(({ name }) => name === "region")?.categories ?? [];
  const values = suppliers.flatMap(({ numbers, region, text }) =>
    features.map(({ name, kind }) => {
      if (kind === 1) return numbers[name] ?? Number.NaN;
      if (kind === 3) return text === "" ? Number.NaN : 1;
      return regions.includes(region) ? regions.indexOf(region) : regions.length;
    }),
  );
  const { lease } = await ops.batch.startRun({ isoWeek, modelName: "supplier-risk", holder: isoWeek });
  await ops.batch.submitChunk(
    create(SubmitChunkRequestSchema, {
      ...(lease && { lease }),
      supplierIds: IDS,
      scores: keeps === "all" ? scores : { ...scores, termWeights: new Uint8Array() },
      ...(keeps !== "nothing" && { features, featureValues: new Uint8Array(Float32Array.from(values).buffer) }),
    }),
  );
  const counts = { rowsRead: 3n, rowsRejected: 0n, chunksTotal: 1 };
  await ops.batch.completeRun({ ...(lease && { lease }), ...counts });
}
