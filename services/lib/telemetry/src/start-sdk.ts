import { metrics } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPMetricExporter as GrpcMetricExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPMetricExporter as HttpMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as GrpcTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as HttpTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import type { RuntimeNodeInstrumentation } from "@opentelemetry/instrumentation-runtime-node";
import type { Resource } from "@opentelemetry/resources";
import { type MetricReader, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { BatchSpanProcessor, NoopSpanProcessor, type SpanProcessor } from "@opentelemetry/sdk-trace";
import { createLazyContextManager } from "./lazy-context.ts";
import type { OtelSettings } from "./otel-settings.ts";
import { createRootSampler } from "./root-sampler.ts";
import { rpcMetricProducer } from "./rpc-metric-producer.ts";

export interface SdkOptions {
  readonly resource: Resource;
  readonly settings: OtelSettings;
  /** Reads all metrics, in addition to the reader that exports them. */
  readonly reader: MetricReader;
  readonly runtime: RuntimeNodeInstrumentation;
}

/**
 * Maximum number of spans that wait for a collector that is slow or does not answer; further spans are
 * dropped. The limit bounds the memory.
 */
const MAX_QUEUED_SPANS = 2_048;
const EXPORT_TIMEOUT_MS = 5_000;

/** Starts OpenTelemetry's SDK, with the exports by OTLP that the settings ask for. */
export function startSdk({ resource, settings, reader, runtime }: SdkOptions): NodeSDK {
  const push = settings.exportMetrics
    ? [
        new PeriodicExportingMetricReader({
          metricProducers: [rpcMetricProducer],
          exporter: settings.protocol === "grpc" ? new GrpcMetricExporter() : new HttpMetricExporter(),
          exportIntervalMillis: settings.metricIntervalMs,
          exportTimeoutMillis: Math.min(EXPORT_TIMEOUT_MS, settings.metricIntervalMs),
        }),
      ]
    : [];
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    contextManager: createLazyContextManager(),
    textMapPropagator: new W3CTraceContextPropagator(),
    sampler: createRootSampler(settings.sampleRatio),
    // The SDK gets processors and readers even where they do nothing: without them it exports to
    // localhost.
    spanProcessors: [settings.exportTraces ? createBatchProcessor(settings) : new NoopSpanProcessor()],
    metricReaders: [reader, ...push],
    logRecordProcessors: [],
    instrumentations: [runtime],
  });
  sdk.start();
  return sdk;
}

/**
 * Exports spans in batches. The batch processor is created with the first span, because its own metrics need the meter
 * provider, which NodeSDK creates when it starts.
 */
function createBatchProcessor({ protocol }: OtelSettings): SpanProcessor {
  const exporter = protocol === "grpc" ? new GrpcTraceExporter() : new HttpTraceExporter();
  let created: SpanProcessor | undefined;
  const processor = (): SpanProcessor => {
    created ??= new BatchSpanProcessor({
      exporter,
      maxQueueSize: MAX_QUEUED_SPANS,
      exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      // Counts exported and dropped spans, dropped ones by reason.
      selfObsMeterProvider: metrics.getMeterProvider(),
    });
    return created;
  };
  return {
    onStart: (span, parent) => processor().onStart(span, parent),
    onEnd: (span) => processor().onEnd(span),
    forceFlush: async () => created?.forceFlush(),
    // NodeSDK stops waiting at the first error, and the last metrics may still be on their way.
    shutdown: async () => created?.shutdown().catch(() => undefined),
  };
}
