import { runNode } from "@bellwether/testing/node-process";
import { expect, test } from "vitest";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** Starts telemetry with the environment, and reports what it has. */
const SCRIPT = `
  import { createRequire } from "node:module";
  import { context, propagation, trace } from ${JSON.stringify(import.meta.resolve("@opentelemetry/api"))};
  import { readOtelSettings } from ${JSON.stringify(new URL("./otel-settings.ts", import.meta.url))};
  import { startTelemetry } from ${JSON.stringify(new URL("./start-telemetry.ts", import.meta.url))};
  const settings = readOtelSettings(process.env);
  const telemetry = await startTelemetry({ serviceName: "quiet", serviceVersion: "1", settings });
  const received = propagation.extract(context.active(), { traceparent: "${TRACEPARENT}" });
  const sent = {};
  trace.getTracer("test").startActiveSpan("work", {}, received, () => propagation.inject(context.active(), sent));
  const loaded = Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes("@grpc/grpc-js"));
  console.log(JSON.stringify({ loaded, sent, metrics: await telemetry.metricsText() }));
  await telemetry.stop();
`;

async function start(env: Readonly<Record<string, string>>) {
  const options = { execArgv: ["--input-type=module"], args: [SCRIPT], env: { PATH: process.env.PATH, ...env } };
  const { stdout, stderr } = await runNode("-e", options);
  expect(stderr).toBe("");
  return JSON.parse(stdout) as { loaded: boolean; sent: { traceparent: string }; metrics: string };
}

test("without an endpoint no exporter is loaded; Node's metrics remain, and a caller's trace is passed on", async () => {
  const { loaded, sent, metrics } = await start({});
  expect(loaded).toBe(false);
  expect(sent.traceparent).toBe(TRACEPARENT);
  expect(metrics).toContain('target_info{service_name="quiet",service_version="1"} 1');
  expect(metrics).toMatch(/^nodejs_eventloop_/m);
});

test("with an endpoint the exporters are loaded, and a span of this process is the parent of the next", async () => {
  const { loaded, sent, metrics } = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" });
  expect(loaded).toBe(true);
  expect(sent.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  expect(sent.traceparent).not.toBe(TRACEPARENT);
  expect(metrics).toMatch(/^nodejs_eventloop_/m);
});
