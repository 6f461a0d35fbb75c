import { randomFillSync } from "node:crypto";
import { type Context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from "@opentelemetry/api";

/**
 * The span context of a trace that is not recorded. Its ids are generated when a log line or an outgoing call
 * first reads them.
 */
class UnsampledSpanContext implements SpanContext {
  readonly traceFlags = TraceFlags.NONE;
  #traceId: string | undefined;
  #spanId: string | undefined;

  get traceId(): string {
    this.#traceId ??= randomHex(16);
    return this.#traceId;
  }

  get spanId(): string {
    this.#spanId ??= randomHex(8);
    return this.#spanId;
  }
}

/** Returns the ids of a new trace that is not recorded, without a context: a context costs more than both ids. */
export function unsampledSpan(): SpanContext {
  return new UnsampledSpanContext();
}

/**
 * Returns the context of a trace that is not recorded, by default a new one. Called services follow this decision
 * instead of sampling again.
 */
export function unsampledContext(base: Context = ROOT_CONTEXT, span: SpanContext = unsampledSpan()): Context {
  return trace.setSpanContext(base, span);
}

const pool = Buffer.alloc(4_096);
let taken = pool.length;

/** Returns random bytes as lower-case hex. Random bytes are requested from the system 4 KiB at a time. */
function randomHex(bytes: number): string {
  if (taken + bytes > pool.length) {
    randomFillSync(pool);
    taken = 0;
  }
  taken += bytes;
  return pool.toString("hex", taken - bytes, taken);
}
