import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { startEmbeddedPostgres } from "@bellwether/postgres/embedded/embedded-postgres";
import { demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { createTopics, installKafkaTools, type ReadRecord, readTopics } from "@bellwether/testing/kafka/kafka-tools";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import type { InstalledTool } from "@bellwether/testing/stores/install-once";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { metric } from "../../bench/metric.ts";
import { atMost, type Finding, type Scenario } from "./harness.ts";
import { installKafka, type KafkaBroker, startKafka } from "./kafka/kafka-broker.ts";

const CALLS = { whole: 10_000, quick: 3_000 };
const OUTAGE_MS = { whole: 30_000, quick: 8_000 };
/** Calls at the same time. */
const CALLERS = 4;
/** Audit events that are appended while processes are killed, and the number of kills. */
const EVENTS_PER_APPEND = 50;
const KILLS = { whole: 10, quick: 4 };
const PAUSE_MS = 1_500;
const READ_S = 180;

/**
 * Kills a broker of Apache Kafka while ml-service records calls to it, and ops-service and PostgreSQL while ops-service
 * exports audit events to it. Afterwards the consumer of confluent-kafka must have each event exactly once by its id.
 */
export const kafka: Scenario = async (quick) => {
  const [broker, tools] = [await installKafka(), await installKafkaTools()];
  if ("missing" in broker) return [unmeasured(broker.missing)];
  if ("missing" in tools) return [unmeasured(tools.missing)];
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-faults-kafka-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const server = stack.use(await startKafka(broker));
  await createTopics(tools, server.brokers, ["faults.calls", "faults.audit", "faults.alerts"]);
  const size = quick ? "quick" : "whole";
  return [
    ...(await killBroker({ server, tools, folder, calls: CALLS[size], outageMs: OUTAGE_MS[size] })),
    ...(await killOps({ server, tools, folder, kills: KILLS[size] })),
  ];
};

interface Run {
  readonly server: KafkaBroker;
  readonly tools: InstalledTool;
  readonly folder: string;
}

async function killBroker({ server, tools, folder, calls, outageMs }: Run & { calls: number; outageMs: number }) {
  await publishDemoModel(path.join(folder, "models"));
  await using ml = await startService("ml-service", {
    MODEL_REGISTRY_URL: `file:${path.join(folder, "models")}`,
    BELLWETHER_DATA_DIR: path.join(folder, "ml"),
    ...{ BELLWETHER_AUDIT_SINK: "kafka", KAFKA_BROKERS: server.brokers, KAFKA_CALLS_TOPIC: "faults.calls" },
  });
  const client = createClient(InferenceService, createGrpcTransport({ baseUrl: ml.grpc }));
  const ids: string[] = [];
  let failed = 0;
  let begun = 0;
  const call = async (pauseMs: number): Promise<void> => {
    const { features, categories } = demoSupplier(begun);
    const supplier = { supplierId: `S_${begun++ % 500}`, features, categories };
    await client.predict({ supplier }).then(
      ({ score }) => ids.push(score?.predictionId ?? ""),
      () => failed++,
    );
    await delay(pauseMs);
  };
  const callers = async (until: () => boolean, pauseMs: number) => {
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        while (!until()) await call(pauseMs);
      }),
    );
  };
  await callers(() => begun >= calls / 3, 0);
  await server.kill();
  const end = performance.now() + outageMs;
  await callers(() => performance.now() >= end || begun >= (calls * 2) / 3, (outageMs * CALLERS) / (calls / 3));
  await delay(Math.max(0, end - performance.now()));
  await server.restart();
  await callers(() => begun >= calls, 0);
  const topics = ["faults.calls"];
  const records = await readTopics(tools, { brokers: server.brokers, topics, ids: ids.length, seconds: READ_S });
  const served = records.filter(({ value }) => value.type === "bellwether.prediction.served");
  const byId = firstById(served);
  const found = new Set([...byId.values()].map(({ value }) => predictionId(value.data)));
  return [
    atMost("kafka.broker_killed.failed_calls", failed, "calls", 0),
    atMost("kafka.broker_killed.lost", ids.filter((id) => !found.has(id)).length, `of ${ids.length} events`, 0),
    atMost("kafka.broker_killed.doubled_by_id", byId.size - found.size, "events", 0),
    atMost("kafka.broker_killed.gaps", records.length - served.length, "gap events", 0),
    atMost("kafka.broker_killed.out_of_order", outOfOrder([...byId.values()]), "events", 0),
    metric({
      name: "kafka.broker_killed.sent_again",
      value: served.length - byId.size,
      unit: "records",
      better: "lower",
    }),
  ];
}

/** Kills ops-service and PostgreSQL in turns while events are appended; the callers append again what failed. */
async function killOps({ server, tools, folder, kills }: Run & { kills: number }): Promise<Finding[]> {
  const dir = path.join(folder, "pg");
  let postgres = await startEmbeddedPostgres({ dir, settings: { max_wal_size: "256MB" } });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => postgres.stop());
  const { url } = postgres;
  const env = {
    DATABASE_URL: url,
    BELLWETHER_DATA_DIR: path.join(folder, "ops"),
    ...{ BELLWETHER_EVENT_SINKS: "kafka", KAFKA_BROKERS: server.brokers, KAFKA_AUDIT_TOPIC: "faults.audit" },
    KAFKA_ALERTS_TOPIC: "faults.alerts",
  };
  let ops: ServiceProcess = await startService("ops-service", env);
  stack.defer(() => ops[Symbol.asyncDispose]());
  const appended: string[] = [];
  let isOver = false;
  const append = async (): Promise<void> => {
    while (!isOver) {
      const ids = Array.from({ length: EVENTS_PER_APPEND }, () => randomUUID());
      for (let done = false; !done; ) {
        done = await appendEvents(ops.grpc, ids).then(
          () => true,
          () => false,
        );
        if (!done) await delay(200);
      }
      appended.push(...ids);
      await delay(20);
    }
  };
  const appending = append();
  for (let kill = 0; kill < kills; kill++) {
    await delay(PAUSE_MS);
    if (kill % 2 === 0) {
      await ops.kill();
      ops = await startService("ops-service", env);
    } else {
      process.kill(postgres.pid, "SIGKILL");
      postgres = await restartPostgres(dir, Number(new URL(url).port));
    }
  }
  isOver = true;
  await appending;
  const topics = ["faults.audit"];
  const records = await readTopics(tools, { brokers: server.brokers, topics, ids: appended.length, seconds: READ_S });
  const byId = firstById(records);
  const wanted = new Set(appended);
  return [
    atMost("kafka.ops_killed.lost", appended.filter((id) => !byId.has(id)).length, `of ${appended.length} events`, 0),
    atMost("kafka.ops_killed.unknown", [...byId.keys()].filter((id) => !wanted.has(id)).length, "events", 0),
    atMost("kafka.ops_killed.out_of_order", outOfOrder([...byId.values()]), "events", 0),
    metric({
      name: "kafka.ops_killed.sent_again",
      value: records.length - byId.size,
      unit: "records",
      better: "lower",
    }),
  ];
}

async function restartPostgres(dir: string, port: number): ReturnType<typeof startEmbeddedPostgres> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await startEmbeddedPostgres({ dir, port });
    } catch (error) {
      // The processes of the killed server end a moment later.
      if (attempt >= 50) throw error;
      await delay(200);
    }
  }
}

async function appendEvents(baseUrl: string, ids: readonly string[]): Promise<void> {
  const audit = createClient(AuditService, createGrpcTransport({ baseUrl }));
  // The same content at each attempt, as an event with the same id must have.
  const event = { kind: "prediction.served", actor: "faults", subject: "S_1", occurredAt: timestampFromMs(0) };
  async function* once() {
    yield { events: ids.map((eventId) => ({ ...event, eventId })) };
  }
  await audit.appendEvents(once(), { timeoutMs: 5_000 });
}

/** Returns the first record of each id, in the order in which they were read. */
function firstById(records: readonly ReadRecord[]): ReadonlyMap<string, ReadRecord> {
  const byId = new Map<string, ReadRecord>();
  for (const record of records) if (!byId.has(record.value.id)) byId.set(record.value.id, record);
  return byId;
}

/** Counts records whose sequence is lower than that of an earlier one with the same key and source. */
function outOfOrder(records: readonly ReadRecord[]): number {
  const last = new Map<string, string>();
  let count = 0;
  for (const { key, value } of records) {
    const of = `${key} ${value.source}`;
    const sequence = value.sequence ?? "";
    if (sequence < (last.get(of) ?? "")) count++;
    else last.set(of, sequence);
  }
  return count;
}

function predictionId(data: unknown): string {
  const id = typeof data === "object" && data !== null && "prediction_id" in data ? data.prediction_id : "";
  return typeof id === "string" ? id : "";
}

function unmeasured(reason: string): Finding {
  return metric({ name: "kafka.broker_killed.lost", value: null, unit: "events", better: "lower", reason });
}
