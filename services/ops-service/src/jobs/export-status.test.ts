import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { expect, onTestFinished, test } from "vitest";
import { createExportStatus, type ExportReport } from "./export-status.ts";

function start() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  const status = createExportStatus();
  onTestFinished(async () => {
    status[Symbol.dispose]();
    metrics.disable();
    await provider.shutdown();
  });
  const failing = async () => {
    exporter.reset();
    await reader.forceFlush();
    return exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
      .filter(({ descriptor }) => descriptor.name === "bellwether.export.failing")
      .flatMap(({ dataPoints }) => dataPoints.map(({ attributes: { sink }, value }) => [sink, value]));
  };
  return { status, failing };
}
const report = (sink: "kafka" | "archive", problem: string | null, events = 0, oldestAgeS = 0): ExportReport => ({
  ...{ backlog: { sink, stream: "audit", events, oldestAgeS }, problem },
});

test("a sink that fails is named with its reason, also before it is behind, until it succeeds", async () => {
  const { status, failing } = start();
  status.report(report("kafka", null, 3, 300));
  status.report(report("archive", "no folder"));
  expect(status.text()).toBe("archive does not take events of audit: no folder");
  expect(await failing()).toEqual([
    ["kafka", 0],
    ["archive", 1],
  ]);
  status.report(report("archive", null));
  expect(status.text()).toBe("");
  status.report(report("kafka", "away", 3, 301));
  expect(status.text()).toBe("kafka is behind with 3 events of audit, the oldest is 5 minutes old: away");
});

test("while no sink is served, all fail with the reason, until the next report", async () => {
  const { status, failing } = start();
  status.report(report("kafka", null));
  status.reportEnd("the thread exited with 1");
  expect(status.text()).toBe("events are not exported: the thread exited with 1");
  expect(await failing()).toEqual([["kafka", 1]]);
  status.report(report("kafka", null));
  expect(status.text()).toBe("");
});
