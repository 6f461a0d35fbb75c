import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { type OtlpReceiver, startOtlpReceiver } from "@bellwether/testing/otlp-receiver";
import type { ReceivedSpan } from "@bellwether/testing/otlp-spans";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { CANARIES, startWeeklyMesh } from "./weekly-mesh.ts";

// Three services load in processes of their own: seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const FAILED_TRACE_ID = "f".repeat(32);
const SPAN_ID = "b7ad6b7169203331";
const REDIS_PASSWORD = "canary-redis-password";

const PREDICT = "bellwether.inference.v1.InferenceService/PredictBatch";
const SUBMIT = "bellwether.ops.v1.BatchService/SubmitChunk";
const TO_THE_JOB = [
  "scheduler-service CONSUMER process weekly",
  "scheduler-service PRODUCER add weekly.run",
  "scheduler-service SERVER bellwether.schedule.v1.ScheduleService/TriggerRun",
  `caller ${SPAN_ID}`,
];

/** What was told of the weeks, by spans and metrics and by log lines. */
interface TracedWeeks extends AsyncDisposable {
  readonly collector: OtlpReceiver;
  readonly log: string;
}

/** Runs one week well and one that fails, each asked for within a trace of its own, and stops the services. */
async function runTracedWeeks(databaseUrl: string, redisUrl?: string): Promise<TracedWeeks> {
  const collector = await startOtlpReceiver();
  await using mesh = await startWeeklyMesh({
    databaseUrl,
    ...(redisUrl !== undefined && { redisUrl }),
    collectorUrl: collector.url,
    rows: 5_000,
  });
  const client = createClient(ScheduleService, createGrpcTransport({ baseUrl: mesh.schedulerUrl }));
  const run = async (isoWeek: string, input: string, traceId: string) => {
    const headers = { traceparent: `00-${traceId}-${SPAN_ID}-01`, authorization: `Bearer ${CANARIES.token}` };
    const { jobId } = await client.triggerRun({ scheduleId: "weekly", isoWeek, input }, { headers });
    let last = null;
    for await (const status of client.watchProgress({ jobId })) last = status;
    return last;
  };
  expect(await run("2026-W47", "week.csv", TRACE_ID)).toMatchObject({ state: RunState.COMPLETE, rowsScored: 4_995n });
  expect(await run("2026-W48", "broken.csv", FAILED_TRACE_ID)).toMatchObject({ state: RunState.FAILED });
  // Stopping sends what is left.
  expect(await mesh.stop()).toEqual([0, 0, 0]);
  return { collector, log: mesh.log(), [Symbol.asyncDispose]: () => collector[Symbol.asyncDispose]() };
}

/** A span and those above it, innermost first. */
function lineage(spans: readonly ReceivedSpan[], from: ReceivedSpan): string[] {
  const { service, kind, name, parentId } = from;
  const parent = spans.find(({ spanId }) => spanId === parentId);
  return [`${service} ${kind} ${name}`, ...(parent ? lineage(spans, parent) : [`caller ${parentId}`])];
}

/** The lineages of all spans of the week's trace that have a name. */
function lineages(spans: readonly ReceivedSpan[], name: RegExp, kind: string): string[][] {
  const traced = spans.filter(({ traceId }) => traceId === TRACE_ID);
  return traced.filter((span) => name.test(span.name) && span.kind === kind).map((span) => lineage(traced, span));
}

function assertOneTrace({ collector: { spans } }: TracedWeeks): void {
  const scored = [`ml-service SERVER ${PREDICT}`, `scheduler-service CLIENT ${PREDICT}`, ...TO_THE_JOB];
  expect(lineages(spans, /PredictBatch$/, "SERVER")).toEqual([scored, scored]);
  const submitted = [`ops-service SERVER ${SUBMIT}`, `scheduler-service CLIENT ${SUBMIT}`, ...TO_THE_JOB];
  const written = (statement: string) => [`ops-service CLIENT ${statement}`, ...submitted];
  const copy = written("COPY bellwether.score_r1");
  expect(lineages(spans, /^COPY /, "CLIENT")).toEqual([copy, copy]);
  const insert = written("INSERT bellwether.run_chunk");
  expect(lineages(spans, /^INSERT bellwether.run_chunk/, "CLIENT")).toEqual([insert, insert]);
}

/** Looking for jobs, extending locks and the like begin no traces: each would be one of a single span, for ever. */
function assertQuiet({ collector: { spans } }: TracedWeeks): void {
  const alone = spans.filter(({ kind, parentId }) => kind === "INTERNAL" && parentId === "");
  expect(alone.map(({ name }) => name)).toEqual([]);
}

/** The job that failed is an error where it ran, and where it was asked for it is none. */
function assertFailure({ collector: { spans } }: TracedWeeks): void {
  const failed = spans.filter(({ traceId, isError }) => traceId === FAILED_TRACE_ID && isError);
  const names = failed.map(({ kind, name }) => `${kind} ${name}`);
  // The caller of a week that is not there yet gets NOT_FOUND, an error on its side only.
  expect(names.toSorted()).toEqual(["CLIENT bellwether.ops.v1.BatchService/GetRun", "CONSUMER process weekly"]);
}

/** Every canary as text, and the numeric one also as the bytes of a double and of a float. */
function assertNoData({ collector, log }: TracedWeeks, secrets: readonly string[]): void {
  const number = CANARIES.feature;
  const forms = [
    ...[...Object.values(CANARIES), ...secrets].map((canary) => Buffer.from(String(canary))),
    Buffer.from(new Float64Array([number]).buffer),
    Buffer.from(new Float32Array([number]).buffer),
  ];
  const all = Buffer.concat([...collector.bodies, Buffer.from(log)]);
  // Names that are meant to be there would be found.
  expect(["PredictBatch", "weekly job failed"].filter((name) => !all.includes(name))).toEqual([]);
  expect(forms.filter((form) => all.includes(form)).map(String)).toEqual([]);
}

describe("a weekly run from trigger to INSERT", () => {
  let cluster: PostgresCluster;
  beforeAll(async () => {
    cluster = await startPostgresCluster();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  test("is one trace without data, with the jobs on Postgres", async () => {
    const databaseUrl = await cluster.createDatabase();
    await using weeks = await runTracedWeeks(databaseUrl);
    assertOneTrace(weeks);
    assertFailure(weeks);
    assertQuiet(weeks);
    assertNoData(weeks, [new URL(databaseUrl).password]);
  });

  test.skipIf(!hasRedis())("is one trace without data, with the jobs on Redis (needs redis-server)", async () => {
    await using redis = await startRedis(REDIS_PASSWORD);
    const databaseUrl = await cluster.createDatabase();
    await using weeks = await runTracedWeeks(databaseUrl, redis.url);
    assertOneTrace(weeks);
    assertFailure(weeks);
    assertQuiet(weeks);
    assertNoData(weeks, [new URL(databaseUrl).password, REDIS_PASSWORD]);
  });
});
