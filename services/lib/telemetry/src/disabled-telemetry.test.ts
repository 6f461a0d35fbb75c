import { context, propagation, trace } from "@opentelemetry/api";
import { expect, test } from "vitest";
import { readOtelSettings } from "./otel-settings.ts";
import { startTelemetry } from "./start-telemetry.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

// NodeSDK reads OTEL_SDK_DISABLED too, and knows only "true".
test.each(["true", "1"])(
  "with OTEL_SDK_DISABLED=%s metrics remain as text, and a caller's trace is passed on",
  async (value) => {
    process.env.OTEL_SDK_DISABLED = value;
    try {
      const settings = readOtelSettings({ ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" });
      await using telemetry = await startTelemetry({ serviceName: "quiet", serviceVersion: "1", settings });
      expect(await telemetry.metricsText()).toContain('target_info{service_name="quiet",service_version="1"} 1');
      const received = propagation.extract(context.active(), { traceparent: TRACEPARENT });
      const sent: Record<string, string> = {};
      trace.getTracer("test").startActiveSpan("work", {}, received, () => propagation.inject(context.active(), sent));
      expect(sent.traceparent).toBe(TRACEPARENT);
    } finally {
      delete process.env.OTEL_SDK_DISABLED;
      context.disable();
      propagation.disable();
    }
  },
);
