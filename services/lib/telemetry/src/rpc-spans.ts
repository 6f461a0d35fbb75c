import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type TextMapSetter,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { markSampled } from "./sampled-context.ts";
import { unsampledContext } from "./unsampled-trace.ts";

/** A call's place in a trace. */
export interface CallTrace {
  /** The trace context in which the call's handler runs. */
  readonly context: Context;
  /** Undefined when the trace is not recorded. */
  readonly span: Span | undefined;
  /**
   * The trace of a caller that is not identified yet and whose `traceparent` asks for recording. `followCallerTrace`
   * records it.
   */
  readonly offered?: Context;
}

/**
 * The names of an RPC in spans: the method is "package.Service/Method", the system (protocol) is "grpc" or
 * "connectrpc".
 */
export interface RpcName {
  readonly system: string;
  readonly method: string;
}

/**
 * How a call ended: its code in UPPER_SNAKE_CASE ("OK" for success), and whether the code counts as an error
 * of the side that records it.
 */
export interface RpcEnd {
  readonly code: string;
  readonly isError: boolean;
}

type HeaderSource = { header(name: string): string | undefined };

const fromHeaders: TextMapGetter<HeaderSource> = {
  keys: () => [],
  get: (source, name) => source.header(name),
};

const ofHeaders: TextMapGetter<Headers> = {
  keys: () => [],
  get: (headers, name) => headers.get(name) ?? undefined,
};

const toHeaders: TextMapSetter<Headers> = { set: (headers, name, value) => headers.set(name, value) };

/**
 * Joins the caller's trace by its `traceparent`, or starts a new trace. The sampling decision for a new trace
 * is made before any span exists. Returns undefined when the new trace is not sampled, so that the call costs
 * no span.
 * @param trustsCaller false: the caller is not identified yet. Its trace is joined, and recorded only when this server samples it
 */
export function traceServerCall(
  rpc: RpcName,
  source: HeaderSource,
  sampleRatio: number,
  trustsCaller = true,
): CallTrace | undefined {
  if (source.header("traceparent") !== undefined) {
    const parent = propagation.extract(ROOT_CONTEXT, source, fromHeaders);
    const caller = trace.getSpanContext(parent);
    if (caller) {
      const isFollowed = trustsCaller || (caller.traceFlags & TraceFlags.SAMPLED) === 0 || decideSampling(sampleRatio);
      if (isFollowed) return startIn(parent, rpc, SpanKind.SERVER);
      const context = trace.setSpanContext(parent, { ...caller, traceFlags: TraceFlags.NONE });
      return { context, span: undefined, offered: parent };
    }
  }
  return decideSampling(sampleRatio) ? startIn(markSampled(ROOT_CONTEXT), rpc, SpanKind.SERVER) : undefined;
}

/**
 * Records a trace that `traceServerCall` joined without recording it. The span starts at `startMs`, epoch
 * milliseconds.
 */
export function followCallerTrace(rpc: RpcName, offered: Context, startMs: number): CallTrace {
  return startIn(offered, rpc, SpanKind.SERVER, startMs);
}

/**
 * Makes an outgoing call part of the active trace, or of the trace that its headers name, or starts a new trace. Writes
 * `traceparent` into the call's headers.
 */
export function traceClientCall(rpc: RpcName, headers: Headers, sampleRatio: number): CallTrace {
  const active = context.active();
  const parent = trace.getSpanContext(active) ? active : namedTrace(active, headers);
  const call = parent ? startIn(parent, rpc, SpanKind.CLIENT) : startNew(active, rpc, sampleRatio);
  propagation.inject(call.context, headers, toHeaders);
  return call;
}

/** Ends the span of a call, if there is one. */
export function endCallTrace(span: Span | undefined, { code, isError }: RpcEnd): void {
  if (!span) return;
  span.setAttribute("rpc.response.status_code", code);
  if (isError) span.setStatus({ code: SpanStatusCode.ERROR, message: code }).setAttribute("error.type", code);
  span.end();
}

/** Returns the trace that the headers of a call name. Undefined: they name none. */
function namedTrace(base: Context, headers: Headers): Context | undefined {
  if (!headers.has("traceparent")) return undefined;
  const named = propagation.extract(base, headers, ofHeaders);
  return trace.getSpanContext(named) ? named : undefined;
}

function startNew(base: Context, rpc: RpcName, sampleRatio: number): CallTrace {
  if (!decideSampling(sampleRatio)) return { context: unsampledContext(base), span: undefined };
  return startIn(markSampled(base), rpc, SpanKind.CLIENT);
}

function decideSampling(sampleRatio: number): boolean {
  return sampleRatio >= 1 || Math.random() < sampleRatio;
}

function startIn(parent: Context, { system, method }: RpcName, kind: SpanKind, startTime?: number): CallTrace {
  const decided = trace.getSpan(parent);
  const sampledParent = !decided || (decided.spanContext().traceFlags & 1) === 1;
  if (!sampledParent) return { context: parent, span: undefined };
  const attributes = { "rpc.system.name": system, "rpc.method": method };
  const span = trace
    .getTracer("bellwether.rpc")
    .startSpan(method, { kind, attributes, ...(startTime && { startTime }) }, parent);
  return { context: trace.setSpan(parent, span), span: span.isRecording() ? span : undefined };
}
