import { context, metrics, propagation } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { RuntimeNodeInstrumentation } from "@opentelemetry/instrumentation-runtime-node";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { createLazyContextManager } from "./lazy-context.ts";
import type { OtelSettings } from "./otel-settings.ts";
import { rpcMetricProducer } from "./rpc-metric-producer.ts";

export interface TelemetryOptions {
  /** The service's name in traces and metrics. */
  readonly serviceName: string;
  readonly serviceVersion: string;
  readonly settings: OtelSettings;
}

/** The telemetry of a process. */
export interface Telemetry extends AsyncDisposable {
  /** Share of new traces that are recorded, in [0, 1]. */
  readonly sampleRatio: number;
  /** Returns all metrics in Prometheus' text format. */
  metricsText(): Promise<string>;
  /** Exports the remaining spans and metrics, for at most 1.5 s. */
  stop(): Promise<void>;
}

/** Lets a service end within 2 s of a signal. */
const STOP_TIMEOUT_MS = 1_500;

/**
 * Registers OpenTelemetry for the process: W3C trace context, traces and metrics by OTLP where the settings
 * ask for them, and always metrics for Prometheus, with those of Node's event loop, heap and GC. Call it once
 * per process, before the first server starts.
 */
export async function startTelemetry({ serviceName, serviceVersion, settings }: TelemetryOptions): Promise<Telemetry> {
  const resource = resourceFromAttributes({ "service.name": serviceName, "service.version": serviceVersion });
  const pull = new PullReader({ metricProducers: [rpcMetricProducer] });
  const runtime = new RuntimeNodeInstrumentation();
  const isExporting = settings.exportTraces || settings.exportMetrics;
  const sdk = isExporting
    ? // A third of all modules of a service, which starts sooner and is smaller without them.
      (await import("./start-sdk.ts")).startSdk({ resource, settings, reader: pull, runtime })
    : startWithoutExports(new MeterProvider({ resource, readers: [pull] }), runtime);

  const serializer = new PrometheusSerializer();
  const stop = async (): Promise<void> => {
    runtime.disable();
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref());
    await Promise.race([sdk.shutdown().catch(() => undefined), timeout]);
  };
  return {
    sampleRatio: settings.sampleRatio,
    async metricsText() {
      const { resourceMetrics } = await pull.collect();
      return serializer.serialize(resourceMetrics);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A reader that collects metrics only on request. */
class PullReader extends MetricReader {
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * What remains where nothing is exported, also with OTEL_SDK_DISABLED, with which NodeSDK registers nothing: trace
 * context goes from callers to the services that are called, and metrics are there for Prometheus.
 */
function startWithoutExports(meters: MeterProvider, runtime: RuntimeNodeInstrumentation): MeterProvider {
  context.setGlobalContextManager(createLazyContextManager());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  metrics.setGlobalMeterProvider(meters);
  runtime.setMeterProvider(meters);
  return meters;
}
