import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { AuditRecord } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { BatchService, SubmitChunkRequestSchema } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { type ReplayComparison, ReplayOutcome } from "@bellwether/gen/bellwether/ops/v1/replay_pb";
import { FeatureKind, ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { DEMO_FEATURES, DEMO_SPEC, DEMO_TABLE, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { create } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { startGate } from "../tests/audit/gate.ts";
import { type Bench, metric } from "./metric.ts";

const VERSIONS = 20;
/** Decisions of each version: single calls, rows of batches, and rows of a weekly run. 5,000 together. */
const SINGLE = 250;
const BATCHES = { count: 5, rows: 350 };
const WEEK_ROWS = 3_000;
const DECISIONS = VERSIONS * (SINGLE + BATCHES.count * BATCHES.rows + WEEK_ROWS);
/** Calls at the same time. */
const CALLS = 4;
const TIMEOUT_MS = 300_000;
/** The time is that of all replays together, and a version may have to be loaded first. */
const SLOW = { timeoutMs: TIMEOUT_MS };

interface Clients {
  readonly inference: Client<typeof InferenceService>;
  readonly registry: Client<typeof ModelRegistryService>;
  readonly audit: Client<typeof AuditService>;
  readonly batch: Client<typeof BatchService>;
}

/** What the replays found. */
interface Found {
  decisions: number;
  numbers: number;
  different: number;
  notReplayable: number;
}

/**
 * Records 100,000 decisions of 20 model versions, as single calls, batches and weekly runs, and computes all of them
 * again, each from what was recorded of it.
 */
export const bench: Bench = async ({ log }) => {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-bench-replay-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const models = path.join(folder, "models");
  for (let seed = 1; seed <= VERSIONS; seed++) await publishDemoModel(models, seed);
  log(`${VERSIONS} versions published`);
  const cluster = opened.use(await startPostgresCluster());
  const gate = opened.use(await startGate());
  const ops = opened.use(
    await startService("ops-service", { DATABASE_URL: await cluster.createDatabase(), ML_SERVICE_URL: gate.url }),
  );
  const ml = opened.use(
    await startService("ml-service", {
      ...{ MODEL_REGISTRY_URL: `file:${models}`, BELLWETHER_DATA_DIR: path.join(folder, "data") },
      ...{ BELLWETHER_AUDIT_SINK: "ops", OPS_SERVICE_URL: ops.grpc },
    }),
  );
  gate.openTo(ml.grpc);
  const [toMl, toOps] = [ml.grpc, ops.grpc].map((url) => opened.use(createMeshTransport({ url })));
  if (!toMl || !toOps) throw new Error("no connection");
  const clients: Clients = {
    inference: createClient(InferenceService, toMl),
    registry: createClient(ModelRegistryService, toMl),
    audit: createClient(AuditService, toOps),
    batch: createClient(BatchService, toOps),
  };
  const predictionIds: string[] = [];
  const weeks: string[] = [];
  for (let version = 1; version <= VERSIONS; version++) {
    predictionIds.push(...(await predictAll(clients, version)));
    weeks.push(await scoreWeek(clients, version));
    if (version % 5 === 0) log(`decisions of ${version} versions recorded`);
  }
  const batchIds = await waitForEvents(clients);
  log("all events are in the audit log");
  const found: Found = { decisions: 0, numbers: 0, different: 0, notReplayable: 0 };
  const began = performance.now();
  await inParallel([...predictionIds, ...batchIds], async (id) => {
    add(found, (await clients.audit.replayPrediction({ id }, SLOW)).comparison);
  });
  log(`${found.decisions} decisions of calls replayed`);
  for (const isoWeek of weeks) {
    let pageToken = "";
    do {
      const request = { isoWeek, pageToken };
      const page = await patiently(() => clients.audit.replayRun(request, SLOW));
      add(found, page.comparison);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
  }
  const seconds = (performance.now() - began) / 1_000;
  log(`${found.numbers} numbers of ${found.decisions} decisions compared in ${seconds.toFixed(0)} s`);
  return [
    metric({ name: "replay.decisions", value: found.decisions, unit: "decisions", gate: DECISIONS, better: "higher" }),
    metric({ name: "replay.differing_numbers", value: found.different, unit: "numbers", gate: 0, better: "lower" }),
    metric({ name: "replay.not_replayable", value: found.notReplayable, unit: "replays", gate: 0, better: "lower" }),
    metric({ name: "replay.throughput", value: found.decisions / seconds, unit: "decisions/s", better: "higher" }),
  ];
};

function add(found: Found, comparison: ReplayComparison | undefined): void {
  if (!comparison) throw new Error("the answer has no comparison");
  found.decisions += Number(comparison.decisions);
  found.numbers += Number(comparison.numbers);
  found.different += Number(comparison.numbersDifferent);
  if (comparison.outcome === ReplayOutcome.NOT_REPLAYABLE) found.notReplayable++;
}

/** Repeats a call that a busy service rejects. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ConnectError) || error.code !== Code.ResourceExhausted || performance.now() > deadline)
        throw error;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

/** Calls `work` for each item, some at the same time. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: CALLS }, async () => {
      for (const item of left) await patiently(() => work(item));
    }),
  );
}

/** Suppliers of the training table, of which some lack a feature or the text. */
function supplierOf(i: number) {
  const { features, categories, text } = demoSupplier(i % DEMO_TABLE.rows);
  const missing = DEMO_FEATURES[i % 7];
  const numbers = Object.fromEntries(Object.entries(features).filter(([name]) => name !== missing));
  return { supplierId: `S_${i}`, features: numbers, categories, contractText: i % 5 === 0 ? "" : text };
}

/** Scores suppliers with single calls and with batches. Returns the ids of the single predictions. */
async function predictAll({ inference }: Clients, version: number): Promise<readonly string[]> {
  const model = { modelName: DEMO_SPEC.name, modelVersion: `v${version}` };
  const ids: string[] = [];
  await inParallel(
    Array.from({ length: SINGLE }, (_, i) => version * SINGLE + i),
    async (i) => {
      const { score } = await inference.predict({ supplier: supplierOf(i), model, topContributions: 1_024 }, SLOW);
      ids.push(score?.predictionId ?? "");
    },
  );
  for (let batch = 0; batch < BATCHES.count; batch++) {
    const rows = Array.from({ length: BATCHES.rows }, (_, i) => supplierOf((version * 31 + batch) * BATCHES.rows + i));
    const request = { ...columnsOf(rows), contractTexts: [], model, withContributions: true };
    await patiently(() => inference.predictBatch(request, SLOW));
  }
  return ids;
}

/** Returns suppliers as the columns of a batch. */
function columnsOf(rows: readonly ReturnType<typeof supplierOf>[]) {
  const regions = [...new Set(rows.map(({ categories }) => categories.region))];
  return {
    supplierIds: rows.map(({ supplierId }) => supplierId),
    numbers: DEMO_FEATURES.map((name) => ({ name, values: rows.map(({ features }) => features[name] ?? Number.NaN) })),
    categories: [
      { name: "region", dictionary: regions, codes: rows.map(({ categories }) => regions.indexOf(categories.region)) },
    ],
    contractTexts: rows.map(({ contractText }) => contractText),
  };
}

/** Runs a week with one version, as scheduler-service does. Returns the week. */
async function scoreWeek({ inference, registry, batch }: Clients, version: number): Promise<string> {
  const isoWeek = `2026-W${String(version).padStart(2, "0")}`;
  const rows = Array.from({ length: WEEK_ROWS }, (_, i) => supplierOf(version * 7_919 + i));
  const columns = columnsOf(rows);
  const model = { modelName: DEMO_SPEC.name, modelVersion: `v${version}` };
  const { features } = await registry.getVersion({ modelName: model.modelName, version: model.modelVersion }, SLOW);
  const request = { ...columns, model, withContributions: true, withTermWeights: true };
  const scores = await patiently(() => inference.predictBatch(request, SLOW));
  const known = features.find(({ name }) => name === "region")?.categories ?? [];
  const values = rows.flatMap(({ features: numbers, categories, contractText }) =>
    features.map(({ name, kind }) => {
      if (kind === FeatureKind.NUMERIC) return numbers[name] ?? Number.NaN;
      if (kind === FeatureKind.TEXT) return contractText === "" ? Number.NaN : 1;
      return known.includes(categories.region) ? known.indexOf(categories.region) : known.length;
    }),
  );
  const { lease } = await batch.startRun({ isoWeek, modelName: DEMO_SPEC.name, holder: isoWeek }, SLOW);
  const of = lease ? { lease } : {};
  const featureValues = new Uint8Array(Float32Array.from(values).buffer);
  await batch.submitChunk(
    create(SubmitChunkRequestSchema, { ...of, supplierIds: columns.supplierIds, scores, features, featureValues }),
    SLOW,
  );
  await batch.completeRun({ ...of, rowsRead: BigInt(WEEK_ROWS), rowsRejected: 0n, chunksTotal: 1 }, SLOW);
  return isoWeek;
}

/** Waits until the audit log has the events of all calls. Returns the ids of those of the batches that are kept. */
async function waitForEvents({ audit }: Clients): Promise<readonly string[]> {
  const wanted = VERSIONS * (BATCHES.count + 1);
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    // Events arrive in the order of their calls, and the last call of each version is a batch.
    const records = await batchEvents(audit);
    // The inputs of weekly runs are kept by the runs, not by the events of their batches.
    if (records.length >= wanted)
      return records.flatMap(({ event }) =>
        event?.payloadJson.includes(`"rows":${BATCHES.rows},`) ? [event.eventId] : [],
      );
    if (performance.now() > deadline) throw new Error("the events did not arrive in the audit log");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

async function batchEvents(audit: Clients["audit"]): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = [];
  let pageToken = "";
  do {
    const page = await audit.queryEvents({ kind: "batch.served", pageSize: 500, pageToken }, SLOW);
    records.push(...page.records);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return records;
}
