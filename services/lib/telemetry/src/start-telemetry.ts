import { context, metrics, propagation } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPMetricExporter as GrpcMetricExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPMetricExporter as HttpMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { OTLPTraceExporter as GrpcTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as HttpTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { RuntimeNodeInstrumentation } from "@opentelemetry/instrumentation-runtime-node";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, MetricReader, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { BatchSpanProcessor, NoopSpanProcessor, type SpanProcessor } from "@opentelemetry/sdk-trace";
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
  /** Returns all metrics in Prometheus' text format. */
  metricsText(): Promise<string>;
  /** Exports the remaining spans and metrics, for at most 1.5 s. */
  stop(): Promise<void>;
}

/**
 * Maximum number of spans that wait for a collector that is slow or does not answer; further spans are
 * dropped. The limit bounds the memory.
 */
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
          exporter: settings.protocol === "grpc" ? new GrpcMetricExporter() : new HttpMetricExporter(),
          exportIntervalMillis: settings.metricIntervalMs,
          exportTimeoutMillis: Math.min(EXPORT_TIMEOUT_MS, settings.metricIntervalMs),
        }),
      ]
    : [];
  const runtime = new RuntimeNodeInstrumentation();
  const sdk = settings.disabled
    ? startWithoutTraces(new MeterProvider({ resource, readers: [pull] }), runtime)
    : new NodeSDK({
        resource,
        autoDetectResources: false,
        contextManager: createLazyContextManager(),
        textMapPropagator: new W3CTraceContextPropagator(),
        sampler: createRootSampler(settings.sampleRatio),
        // The SDK gets processors and readers even where they do nothing: without them it exports to
        // localhost.
        spanProcessors: [settings.exportTraces ? createBatchProcessor(settings) : new NoopSpanProcessor()],
        metricReaders: [pull, ...push],
        logRecordProcessors: [],
        instrumentations: [runtime],
      });
  if (sdk instanceof NodeSDK) sdk.start();

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
 * What remains with OTEL_SDK_DISABLED, where NodeSDK registers nothing: trace context goes from callers to the services
 * that are called, and metrics are there for Prometheus.
 */
function startWithoutTraces(meters: MeterProvider, runtime: RuntimeNodeInstrumentation): MeterProvider {
  context.setGlobalContextManager(createLazyContextManager());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  metrics.setGlobalMeterProvider(meters);
  runtime.setMeterProvider(meters);
  return meters;
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
