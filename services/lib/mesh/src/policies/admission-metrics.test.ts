import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { expect, onTestFinished, test } from "vitest";
import { reportAdmission } from "./admission-metrics.ts";

/** Returns the values of `bellwether.rpc.calls` by state, as they are exported now. */
async function exportedCalls(reader: PeriodicExportingMetricReader, exporter: InMemoryMetricExporter) {
  exporter.reset();
  await reader.forceFlush();
  const points = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
    .filter(({ descriptor }) => descriptor.name === "bellwether.rpc.calls")
    .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => [attributes.state, value]));
  return Object.fromEntries(points);
}

test("a server's calls are a gauge by state, until the server stops", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  onTestFinished(async () => {
    metrics.disable();
    await provider.shutdown();
  });

  let inFlight = 3;
  const end = reportAdmission(() => ({ inFlight, queued: 2, openEnded: 1, shed: 0 }));
  expect(await exportedCalls(reader, exporter)).toEqual({ in_flight: 3, queued: 2, open_ended: 1 });
  inFlight = 0;
  expect(await exportedCalls(reader, exporter)).toEqual({ in_flight: 0, queued: 2, open_ended: 1 });
  end();
  inFlight = 7;
  // A gauge that is not observed keeps its last value.
  expect(await exportedCalls(reader, exporter)).toMatchObject({ in_flight: 0 });
});
