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

// Three services load all their modules in their own processes: this takes seconds on a busy machine.
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

/** What the services reported about the weeks: spans and metrics at the collector, and their logs. */
interface TracedWeeks extends AsyncDisposable {
  readonly collector: OtlpReceiver;
  readonly log: string;
}

/**
 * Runs one week that completes and one that fails, each triggered within its own trace, and stops the
 * services.
 */
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
  // The services send their remaining telemetry when they stop.
  expect(await mesh.stop()).toEqual([0, 0, 0]);
  return { collector, log: mesh.log(), [Symbol.asyncDispose]: () => collector[Symbol.asyncDispose]() };
}

/** Returns a span and its ancestors, innermost first. */
function lineage(spans: readonly ReceivedSpan[], from: ReceivedSpan): string[] {
  const { service, kind, name, parentId } = from;
  const parent = spans.find(({ spanId }) => spanId === parentId);
  return [`${service} ${kind} ${name}`, ...(parent ? lineage(spans, parent) : [`caller ${parentId}`])];
}

/** Returns the lineage of each span in the week's trace with this name and kind. */
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
  // The receipt and the counts of the run are one statement.
  const receipt = written("WITH bellwether.run_chunk");
  expect(lineages(spans, /^WITH bellwether.run_chunk/, "CLIENT")).toEqual([receipt, receipt]);
}

/**
 * Asserts that queue maintenance (looking for jobs, extending locks) begins no trace: each would be a trace
 * of one span, again and again.
 */
function assertQuiet({ collector: { spans } }: TracedWeeks): void {
  const alone = spans.filter(({ kind, parentId }) => kind === "INTERNAL" && parentId === "");
  expect(alone.map(({ name }) => name)).toEqual([]);
}

/** Asserts that the failed job is an error in the span that ran it, and not in the span that triggered it. */
function assertFailure({ collector: { spans } }: TracedWeeks): void {
  const failed = spans.filter(({ traceId, isError }) => traceId === FAILED_TRACE_ID && isError);
  const names = failed.map(({ kind, name }) => `${kind} ${name}`);
  // A week that does not exist yet is NOT_FOUND, which is an error only in the span of the caller.
  expect(names.toSorted()).toEqual(["CLIENT bellwether.ops.v1.BatchService/GetRun", "CONSUMER process weekly"]);
}

/**
 * Asserts that no span contains a canary: every canary as text; the numeric one also as the bytes of a double
 * and of a float.
 */
function assertNoData({ collector, log }: TracedWeeks, secrets: readonly string[]): void {
  const number = CANARIES.feature;
  const forms = [
    ...[...Object.values(CANARIES), ...secrets].map((canary) => Buffer.from(String(canary))),
    Buffer.from(new Float64Array([number]).buffer),
    Buffer.from(new Float32Array([number]).buffer),
  ];
  const all = Buffer.concat([...collector.bodies, Buffer.from(log)]);
  // This search would find a canary: it finds names that spans do contain.
  expect(["PredictBatch", "weekly job failed"].filter((name) => !all.includes(name))).toEqual([]);
  expect(forms.filter((form) => all.includes(form)).map(String)).toEqual([]);
}

describe("a weekly run from trigger to INSERT", () => {
  let cluster: PostgresCluster;
  beforeAll(async () => {
    cluster = await startPostgresCluster();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  test("is one trace without data when the jobs are on Postgres", async () => {
    const databaseUrl = await cluster.createDatabase();
    await using weeks = await runTracedWeeks(databaseUrl);
    assertOneTrace(weeks);
    assertFailure(weeks);
    assertQuiet(weeks);
    assertNoData(weeks, [new URL(databaseUrl).password]);
  });

  test.skipIf(!hasRedis())("is one trace without data when the jobs are on Redis (needs redis-server)", async () => {
    await using redis = await startRedis(REDIS_PASSWORD);
    const databaseUrl = await cluster.createDatabase();
    await using weeks = await runTracedWeeks(databaseUrl, redis.url);
    assertOneTrace(weeks);
    assertFailure(weeks);
    assertQuiet(weeks);
    assertNoData(weeks, [new URL(databaseUrl).password, REDIS_PASSWORD]);
  });
});
