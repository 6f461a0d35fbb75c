import {
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { type Exception, type Telemetry, TelemetryAttributes } from "bullmq";
import { BullMQOTelSpan, BullMQOtel } from "bullmq-otel";

const NAME = "bellwether.queue";

/**
 * Attributes that identify a job and its outcome. Attributes with a job's content are left out: results,
 * reasons, progress, options.
 */
const REPORTED: ReadonlySet<string> = new Set([
  TelemetryAttributes.QueueName,
  TelemetryAttributes.QueueOperation,
  TelemetryAttributes.JobId,
  TelemetryAttributes.JobName,
  TelemetryAttributes.JobAttemptsMade,
  TelemetryAttributes.JobAttemptFinishedTimestamp,
  TelemetryAttributes.JobProcessedTimestamp,
  TelemetryAttributes.JobSchedulerId,
  TelemetryAttributes.BulkCount,
  TelemetryAttributes.WorkerName,
]);
/** The worker's event for a job whose processor threw; the worker continues. */
const JOB_FAILED = "job failed";

/**
 * BullMQ's spans and metrics. A job carries the trace context of the caller that added it, and no span
 * carries a job's content. Polling for jobs, extending locks and other housekeeping start no traces.
 */
export function createQueueTelemetry(): Telemetry<Context> {
  const { meter, contextManager } = new BullMQOtel({ tracerName: NAME, meterName: NAME, enableMetrics: true });
  return {
    ...(meter && { meter }),
    contextManager: Object.assign(contextManager, { root: () => ROOT_CONTEXT }),
    tracer: {
      startSpan(name, options = { kind: SpanKind.INTERNAL }, parent = context.active()) {
        const isHousekeeping = options.kind === SpanKind.INTERNAL && trace.getSpanContext(parent) === undefined;
        return new JobSpan(
          isHousekeeping
            ? trace.wrapSpanContext(INVALID_SPAN_CONTEXT)
            : trace.getTracer(NAME).startSpan(name, options, parent),
        );
      },
    },
  };
}

class JobSpan extends BullMQOTelSpan {
  override setAttribute(...[name, value]: Parameters<BullMQOTelSpan["setAttribute"]>): void {
    if (REPORTED.has(name)) super.setAttribute(name, value);
  }

  override setAttributes(attributes: Parameters<BullMQOTelSpan["setAttributes"]>[0]): void {
    super.setAttributes(reported(attributes));
  }

  override addEvent(name: string): void {
    super.addEvent(name);
    if (name === JOB_FAILED) this.span.setStatus({ code: SpanStatusCode.ERROR });
  }

  /** Records only the error's name, because its message may quote the content of the job. */
  override recordException(exception: Exception): void {
    const type = typeof exception === "object" && "name" in exception ? exception.name : undefined;
    this.span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute("error.type", type ?? "Error");
  }
}

function reported<V>(attributes: Readonly<Record<string, V>>): Record<string, V> {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => REPORTED.has(name)));
}
