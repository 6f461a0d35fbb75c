import { expect, test } from "vitest";
import { readOtelSettings } from "./otel-settings.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };

test("without an endpoint the process exports nothing and records no trace", () => {
  const asked = { OTEL_TRACES_SAMPLER: "always_on" };
  expect(readOtelSettings(asked)).toMatchObject({ exportTraces: false, exportMetrics: false, sampleRatio: 0 });
});

test("with an endpoint all traces and metrics are exported by http/protobuf", () => {
  expect(readOtelSettings(ENDPOINT)).toEqual({
    disabled: false,
    exportTraces: true,
    exportMetrics: true,
    sampleRatio: 1,
    protocol: "http/protobuf",
    metricIntervalMs: 60_000,
  });
});

test("with an endpoint for one signal only that signal is exported", () => {
  const traces = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1:4318/v1/traces" };
  expect(readOtelSettings(traces)).toMatchObject({ exportTraces: true, exportMetrics: false, sampleRatio: 1 });
  const metrics = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://127.0.0.1:4318/v1/metrics" };
  expect(readOtelSettings(metrics)).toMatchObject({ exportTraces: false, exportMetrics: true, sampleRatio: 0 });
});

test("OTEL_SDK_DISABLED overrides an endpoint", () => {
  const disabled = { ...ENDPOINT, OTEL_SDK_DISABLED: "true" };
  expect(readOtelSettings(disabled)).toEqual({
    ...readOtelSettings({}),
    disabled: true,
  });
});

test.each([
  ["always_on", "0.3", 1],
  ["parentbased_always_on", "0.3", 1],
  ["always_off", "0.3", 0],
  ["parentbased_always_off", "0.3", 0],
  ["traceidratio", "0.3", 0.3],
  ["parentbased_traceidratio", "0", 0],
  ["parentbased_traceidratio", "1", 1],
])("sampler %s with argument %s records the share %f of new traces", (sampler, ratio, expected) => {
  const env = { ...ENDPOINT, OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio };
  expect(readOtelSettings(env).sampleRatio).toBe(expected);
});

test("all violations are reported at once", () => {
  const violations = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_TRACES_SAMPLER: "sometimes",
    OTEL_TRACES_SAMPLER_ARG: "1.01",
    OTEL_METRIC_EXPORT_INTERVAL: "99",
  };
  for (const name of Object.keys(violations)) expect(() => readOtelSettings(violations)).toThrow(name);
});
