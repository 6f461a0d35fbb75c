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
import { markDrawn } from "./root-sampler.ts";
import { unsampledContext } from "./unsampled-trace.ts";

/** A call's place in a trace. */
export interface CallTrace {
  /** What the call's work runs in. */
  readonly context: Context;
  /** Undefined when the trace is not recorded. */
  readonly span: Span | undefined;
  /** The caller's trace, which it wants recorded, when that is not followed yet: `followCallerTrace` does. */
  readonly offered?: Context;
}

/** An RPC for spans: "package.Service/Method", and the protocol, "grpc" or "connectrpc". */
export interface RpcName {
  readonly system: string;
  readonly method: string;
}

/** How a call ended: the code in UPPER_SNAKE_CASE ("OK" when well) and whether it counts as an error of the side that records it. */
export interface RpcEnd {
  readonly code: string;
  readonly isError: boolean;
}

type HeaderSource = { header(name: string): string | undefined };

const fromHeaders: TextMapGetter<HeaderSource> = {
  keys: () => [],
  get: (source, name) => source.header(name),
};

const toHeaders: TextMapSetter<Headers> = { set: (headers, name, value) => headers.set(name, value) };

/**
 * Joins the caller's trace by its `traceparent`, or starts one. Whether a new trace is recorded is drawn before any span exists:
 * undefined when it is not, so that the call costs no span.
 * @param trustsCaller false: the caller is not known yet, its trace is joined and recorded only when it is drawn here
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
      const isFollowed = trustsCaller || (caller.traceFlags & TraceFlags.SAMPLED) === 0 || isDrawn(sampleRatio);
      if (isFollowed) return startIn(parent, rpc, SpanKind.SERVER);
      const context = trace.setSpanContext(parent, { ...caller, traceFlags: TraceFlags.NONE });
      return { context, span: undefined, offered: parent };
    }
  }
  return isDrawn(sampleRatio) ? startIn(markDrawn(ROOT_CONTEXT), rpc, SpanKind.SERVER) : undefined;
}

/** Records a trace that `traceServerCall` only joined, from `startMs` on, epoch milliseconds. */
export function followCallerTrace(rpc: RpcName, offered: Context, startMs: number): CallTrace {
  return startIn(offered, rpc, SpanKind.SERVER, startMs);
}

/** Makes an outgoing call part of the active trace, or starts one, and writes `traceparent` into its headers. */
export function traceClientCall(rpc: RpcName, headers: Headers, sampleRatio: number): CallTrace {
  const active = context.active();
  const inTrace = trace.getSpanContext(active) !== undefined;
  const call = inTrace ? startIn(active, rpc, SpanKind.CLIENT) : startNew(active, rpc, sampleRatio);
  propagation.inject(call.context, headers, toHeaders);
  return call;
}

/** Ends the span of a call, if it has one. */
export function endCallTrace(span: Span | undefined, { code, isError }: RpcEnd): void {
  if (!span) return;
  span.setAttribute("rpc.response.status_code", code);
  if (isError) span.setStatus({ code: SpanStatusCode.ERROR, message: code }).setAttribute("error.type", code);
  span.end();
}

function startNew(base: Context, rpc: RpcName, sampleRatio: number): CallTrace {
  if (!isDrawn(sampleRatio)) return { context: unsampledContext(base), span: undefined };
  return startIn(markDrawn(base), rpc, SpanKind.CLIENT);
}

function isDrawn(sampleRatio: number): boolean {
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
