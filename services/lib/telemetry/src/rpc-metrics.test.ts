import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { afterAll, expect, test } from "vitest";
import { rpcMetricProducer } from "./rpc-metric-producer.ts";
import { createRpcDurations } from "./rpc-metrics.ts";

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({
  exporter,
  exportIntervalMillis: 3_600_000,
  metricProducers: [rpcMetricProducer],
});
const meters = new MeterProvider({ readers: [reader] });
afterAll(() => meters.shutdown());

async function collected() {
  exporter.reset();
  await reader.forceFlush();
  return exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
}

test("a call's duration is recorded in seconds, by protocol, method and code", async () => {
  const durations = createRpcDurations("server");
  durations.record("grpc", "a.Service/Method", "OK", 30);
  durations.record("grpc", "a.Service/Method", "OK", 2_000);
  durations.record("connectrpc", "a.Service/Method", "NOT_FOUND", 1);
  const [metric] = await collected();
  expect(metric?.descriptor).toMatchObject({ name: "rpc.server.call.duration", unit: "s" });
  const points = metric?.dataPoints.map(({ attributes, value }) => ({ attributes, value }));
  expect(points).toMatchObject([
    {
      attributes: { "rpc.system.name": "grpc", "rpc.method": "a.Service/Method", "rpc.response.status_code": "OK" },
      value: { count: 2, sum: 2.03 },
    },
    {
      attributes: {
        "rpc.system.name": "connectrpc",
        "rpc.response.status_code": "NOT_FOUND",
        "error.type": "NOT_FOUND",
      },
      value: { count: 1, sum: 0.001 },
    },
  ]);
  expect(points?.[0]?.attributes).not.toHaveProperty("error.type");
});

test("client calls have a metric of their own", async () => {
  createRpcDurations("client").record("grpc", "a.Service/Method", "OK", 1);
  expect((await collected()).map(({ descriptor }) => descriptor.name)).toContain("rpc.client.call.duration");
});

test("a duration is counted at the first bound that is not below it", async () => {
  const durations = createRpcDurations("client");
  for (const ms of [1, 1.001, 10_000, 10_001]) durations.record("grpc", "a.Service/Bounds", "OK", ms);
  const points = (await collected()).flatMap(({ dataPoints }) =>
    dataPoints.map(({ attributes, value }) => ({ attributes, value })),
  );
  const bounds = points.find(({ attributes }) => attributes["rpc.method"] === "a.Service/Bounds");
  expect(bounds?.value).toMatchObject({
    count: 4,
    min: 0.001,
    max: 10.001,
    buckets: { counts: [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1] },
  });
});
