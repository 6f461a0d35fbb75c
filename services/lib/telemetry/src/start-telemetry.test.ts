import { once } from "node:events";
import net from "node:net";
import { trace } from "@opentelemetry/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readOtelSettings } from "./otel-settings.ts";
import { startTelemetry, type Telemetry } from "./start-telemetry.ts";

/** Accepts connections and never answers. */
const silent = net.createServer((socket) => socket.resume().on("error", () => socket.destroy()));
let telemetry: Telemetry;

beforeAll(async () => {
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  const port = typeof address === "object" && address ? address.port : 0;
  // The exporters read this variable themselves.
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${port}`;
  const settings = readOtelSettings(process.env);
  telemetry = await startTelemetry({ serviceName: "proof", serviceVersion: "1", settings });
});
afterAll(() => {
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  silent.close();
});

test("metrics are available as text whether or not the collector answers", async () => {
  const text = await telemetry.metricsText();
  expect(text).toContain('target_info{service_name="proof",service_version="1"} 1');
  expect(text).toMatch(/^nodejs_eventloop_/m);
});

test("when the collector does not answer, spans above 2,048 are dropped and counted", async () => {
  const tracer = trace.getTracer("test");
  for (let i = 0; i < 10_000; i++) tracer.startSpan("work").end();
  const text = await telemetry.metricsText();
  const value = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);
  const dropped = value(/^otel_sdk_processor_span_processed_total\{[^}]*error_type="queue_full"[^}]*\} (\d+)/m);
  const queued = value(/^otel_sdk_processor_span_queue_size\{[^}]*\} (\d+)/m);
  expect(queued).toBe(2_048);
  // One batch of 512 spans is being sent to the collector: neither queued nor dropped.
  expect(dropped).toBe(10_000 - 2_048 - 512);
});

test("stops within 2 s when the collector does not answer", async () => {
  const begun = performance.now();
  await telemetry.stop();
  expect(performance.now() - begun).toBeLessThan(2_000);
});
