import { createLazyContextManager } from "@bellwether/telemetry/lazy-context";
import { createRootSampler } from "@bellwether/telemetry/root-sampler";
import { context, propagation, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

/** Ended spans of this process. */
export interface RecordedSpans {
  ended(): readonly ReadableSpan[];
  reset(): void;
}

/** Registers OpenTelemetry as `startTelemetry` does, with an in-memory exporter instead of a collector. */
export function recordSpans(ratio = 1): RecordedSpans {
  const exporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  context.setGlobalContextManager(createLazyContextManager());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors, sampler: createRootSampler(ratio) }));
  return { ended: () => exporter.getFinishedSpans(), reset: () => exporter.reset() };
}
