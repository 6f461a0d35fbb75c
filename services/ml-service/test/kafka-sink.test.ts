import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createLogger } from "@bellwether/telemetry/logger";
import {
  installKafkaTools,
  type MockCluster,
  readTopics,
  startMockCluster,
} from "@bellwether/testing/kafka/kafka-tools";
import { startTcpRelay, type TcpRelay } from "@bellwether/testing/tcp-relay";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { openAuditSink } from "../src/audit/audit-sink.ts";
import type { AuditEvent } from "../src/domain/audit-event.ts";
import { losses } from "./loss-fixture.ts";

vi.setConfig({ testTimeout: 120_000 });
const tools = await installKafkaTools();
const logger = createLogger({ name: "ml-service", level: "silent" });
let cluster: MockCluster | undefined;
afterAll(() => cluster?.[Symbol.asyncDispose]());

const event = (i: number): AuditEvent => ({
  ...{ eventId: `id-${i}`, kind: "prediction.served", actor: "ada", subject: i % 10 === 0 ? "" : `S-${i % 7}` },
  ...{ occurredAtMs: 1_000 + i, payload: { i } },
});

async function openKafka(brokers: string, topic: string) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "ml-kafka-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { counts, lost } = losses();
  const warn = vi.fn();
  const connection = { clientId: "test", brokers: [brokers], tls: null, sasl: null };
  const options = {
    ...{ sink: "kafka", ops: { url: "http://127.0.0.1:1" }, kafka: () => ({ topic, connection }) },
    ...{ spoolFolder: path.join(folder, "spool"), logger: Object.assign(Object.create(logger), { warn }), lost },
  };
  const open = async () => {
    const sink = await openAuditSink(options);
    if (!sink) throw new Error("the sink is off");
    return sink;
  };
  return { open, counts, warn };
}

test("a consumer of another maker reads each event exactly once by id and in order by supplier, also those of an outage", async (context) => {
  if ("missing" in tools) return context.skip(tools.missing);
  cluster ??= await startMockCluster(tools, ["calls"]);
  const relay: TcpRelay = await startTcpRelay(`http://${cluster.brokers}`);
  onTestFinished(() => relay[Symbol.asyncDispose]());
  // The cluster names its own port in its metadata, so only the first connection is relayed.
  await relay.disconnect();
  const { open, counts, warn } = await openKafka(new URL(relay.url).host, "calls");
  const first = await open();
  for (let i = 0; i < 300; i++) first.record(event(i));
  await vi.waitFor(() => expect(warn).toHaveBeenCalled(), { timeout: 60_000 });
  expect(String(warn.mock.calls[0]?.[0].err)).toMatch(
    /Kafka at 127\.0\.0\.1:\d+ does not store records of topic calls \(.*ECONNREFUSED/,
  );
  await first.stop();
  await relay.reconnect();
  const second = await open();
  for (let i = 300; i < 1_000; i++) second.record(event(i));
  second.lost(2, "rejected");
  const records = await readTopics(tools, { brokers: cluster.brokers, topics: ["calls"], ids: 1_001, seconds: 90 });
  await second.stop();
  const events = records.filter(({ value }) => value.type === "bellwether.prediction.served");
  expect(events.map(({ value }) => value.id).toSorted()).toEqual(
    Array.from({ length: 1_000 }, (_, i) => `id-${i}`).toSorted(),
  );
  for (const supplier of ["S-1", "S-6"]) {
    const own = events.filter(({ key }) => key === supplier);
    expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
    const times = own.map(({ value }) => String(value.time));
    expect(times).toEqual(times.toSorted());
    expect(own.length).toBeGreaterThan(100);
  }
  const [last] = events.filter(({ value }) => value.id === "id-999");
  expect(last).toMatchObject({
    key: "S-5",
    headers: { "content-type": "application/cloudevents+json; charset=UTF-8" },
    value: {
      ...{
        specversion: "1.0",
        type: "bellwether.prediction.served",
        subject: "S-5",
        datacontenttype: "application/json",
      },
      ...{ time: "1970-01-01T00:00:01.999Z", sequence: "00000000000000000700", data: { actor: "ada", i: 999 } },
    },
  });
  expect(last?.value.source).toMatch(/^\/bellwether\/ml-service\/[0-9a-f-]{36}$/);
  const gaps = records.filter(({ value }) => value.type === "bellwether.events.dropped");
  expect(gaps).toMatchObject([{ value: { data: { sink: "kafka", events: 2, reasons: { rejected: 2 } } } }]);
  expect(counts).toEqual({ rejected: 2 });
});
