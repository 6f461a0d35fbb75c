import type { ModelIdentity } from "@bellwether/scoring/model/scoring-model";
import type { SupplierScore } from "@bellwether/scoring/score/score-supplier";
import { durationHistograms } from "@bellwether/telemetry/counted-durations";
import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { expect, onTestFinished, test } from "vitest";
import { createScoreMetrics } from "./score-metrics.ts";

/** Starts the metrics. Returns them, and a function that reads the exported values of one metric. */
function start() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  const counts = createScoreMetrics({ load: () => ({ rows: 300, searches: 2 }) });
  onTestFinished(async () => {
    counts[Symbol.dispose]();
    metrics.disable();
    await provider.shutdown();
  });
  const read = async (name: string) => {
    exporter.reset();
    await reader.forceFlush();
    return exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
      .filter(({ descriptor }) => descriptor.name === name)
      .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => ({ ...attributes, value })));
  };
  return { counts, read };
}

const identity = (name: string, version: string): ModelIdentity => ({
  ...{ name, version, modelDigest: "", bundleDigest: "", configHash: "", runtime: "", kernel: "" },
});
const score = (band: SupplierScore["band"], missing: readonly string[]): SupplierScore => ({
  ...{ band, missing, riskScore: null, probabilities: [], output: null, prediction: null, contributions: [] },
  ...{ warnings: [], model: identity("m", "v1") },
});

test("scores are counted by version and band, with their missing features", async () => {
  const { counts, read } = start();
  counts.suppliers("Predict", identity("m", "v1"), [score("high", ["a", "b"]), score("low", [])], 1);
  const missingCounts = Uint16Array.of(0, 3, 0);
  counts.batch("PredictBatch", identity("m", "v2"), { bands: Uint8Array.of(4, 1, 0), missingCounts }, 5);
  expect(await read("bellwether.model.scores")).toEqual([
    { model: "m", version: "v1", band: "low", value: 1 },
    { model: "m", version: "v1", band: "high", value: 1 },
    { model: "m", version: "v2", band: "none", value: 1 },
    { model: "m", version: "v2", band: "unknown", value: 1 },
    { model: "m", version: "v2", band: "high", value: 1 },
  ]);
  expect(await read("bellwether.model.missing_features")).toEqual([
    { model: "m", version: "v1", value: 2 },
    { model: "m", version: "v2", value: 3 },
  ]);
  expect(await read("bellwether.batch.rows")).toEqual([{ value: 300 }]);
  expect(await read("bellwether.batch.searches")).toEqual([{ value: 2 }]);
});

test("durations are counted by version and RPC", () => {
  const { counts } = start();
  counts.suppliers("Explain", identity("durations", "v1"), [score("high", [])], 20);
  counts.suppliers("Explain", identity("durations", "v1"), [score("high", [])], 30);
  const histogram = durationHistograms().find(({ name }) => name === "bellwether.model.call.duration");
  expect(histogram?.series.filter(({ attributes }) => attributes.model === "durations")).toMatchObject([
    { attributes: { model: "durations", version: "v1", rpc: "Explain" }, count: 2, sum: 0.05 },
  ]);
});

test("at most 16 versions have series of their own, whatever versions callers name", async () => {
  const { counts, read } = start();
  for (let version = 1; version <= 40; version++)
    counts.suppliers("Predict", identity("many", `v${version}`), [score("high", [])], 1);
  const found = await read("bellwether.model.scores");
  expect(found).toHaveLength(17);
  expect(found.at(-1)).toEqual({ model: "other", version: "other", band: "high", value: 24 });
});
