import { context, metrics, propagation, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { RuntimeNodeInstrumentation } from "@opentelemetry/instrumentation-runtime-node";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  MeterProvider,
  MetricReader,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { createLazyContextManager } from "./lazy-context.ts";
import type { OtelSettings } from "./otel-settings.ts";
import { createRootSampler } from "./root-sampler.ts";
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
  /** All metrics in Prometheus' text format. */
  metricsText(): Promise<string>;
  /** Exports the remaining spans and metrics, for at most 1.5 s. */
  stop(): Promise<void>;
}

/** Bounds the memory that a slow or dead collector costs: further spans are dropped. */
const MAX_QUEUED_SPANS = 2_048;
const EXPORT_TIMEOUT_MS = 5_000;
/** Lets a service end within 2 s of a signal. */
const STOP_TIMEOUT_MS = 1_500;

/**
 * Registers OpenTelemetry for the process: W3C trace context, traces and metrics by OTLP where the settings
 * ask for them, and always metrics for Prometheus, with those of Node's event loop, heap and GC. Call it once
 * per process, before the first server starts.
 */
export async function startTelemetry({ serviceName, serviceVersion, settings }: TelemetryOptions): Promise<Telemetry> {
  const resource = resourceFromAttributes({ "service.name": serviceName, "service.version": serviceVersion });
  const metricProducers = [rpcMetricProducer];
  const pull = new PullReader({ metricProducers });
  const push = settings.exportMetrics
    ? [
        new PeriodicExportingMetricReader({
          metricProducers,
          exporter: await createMetricExporter(settings),
          exportIntervalMillis: settings.metricIntervalMs,
          exportTimeoutMillis: Math.min(EXPORT_TIMEOUT_MS, settings.metricIntervalMs),
        }),
      ]
    : [];
  const meters = new MeterProvider({ resource, readers: [pull, ...push] });
  const spanProcessors = settings.exportTraces
    ? [
        new BatchSpanProcessor({
          exporter: await createSpanExporter(settings),
          maxQueueSize: MAX_QUEUED_SPANS,
          exportTimeoutMillis: EXPORT_TIMEOUT_MS,
          // Counts exported and dropped spans, dropped ones by reason.
          selfObsMeterProvider: meters,
        }),
      ]
    : [];
  const tracers = new TracerProvider({ resource, spanProcessors, sampler: createRootSampler(settings.sampleRatio) });

  context.setGlobalContextManager(createLazyContextManager());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(meters);
  const runtime = new RuntimeNodeInstrumentation();
  runtime.setMeterProvider(meters);

  const serializer = new PrometheusSerializer();
  const stop = async (): Promise<void> => {
    runtime.disable();
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref());
    await Promise.race([Promise.allSettled([tracers.shutdown(), meters.shutdown()]), timeout]);
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

// An exporter is loaded only when it is used: loading all of them would double the start-up time.

async function createSpanExporter({ protocol }: OtelSettings): Promise<SpanExporter> {
  if (protocol === "grpc") {
    const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-grpc");
    return new OTLPTraceExporter();
  }
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-proto");
  return new OTLPTraceExporter();
}

async function createMetricExporter({ protocol }: OtelSettings): Promise<PushMetricExporter> {
  if (protocol === "grpc") {
    const { OTLPMetricExporter } = await import("@opentelemetry/exporter-metrics-otlp-grpc");
    return new OTLPMetricExporter();
  }
  const { OTLPMetricExporter } = await import("@opentelemetry/exporter-metrics-otlp-proto");
  return new OTLPMetricExporter();
}
