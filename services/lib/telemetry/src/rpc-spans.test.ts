import { recordSpans } from "@bellwether/testing/recorded-spans";
import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { afterEach, expect, test } from "vitest";
import { endCallTrace, traceClientCall, traceServerCall } from "./rpc-spans.ts";

const recorded = recordSpans();
afterEach(() => recorded.reset());

const RPC = { system: "grpc", method: "bellwether.echo.v1.EchoService/Echo" };
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT_ID = "b7ad6b7169203331";
const calledWith = (traceparent?: string) => ({
  header: (name: string) => (name === "traceparent" ? traceparent : undefined),
});
const OK = { code: "OK", isError: false };

test("a call with traceparent is a SERVER span in the caller's trace, at any ratio", () => {
  const call = traceServerCall(RPC, calledWith(`00-${TRACE_ID}-${PARENT_ID}-01`), 0);
  endCallTrace(call?.span, OK);
  const [span] = recorded.ended();
  expect(span).toMatchObject({ name: RPC.method, kind: SpanKind.SERVER });
  expect(span?.spanContext().traceId).toBe(TRACE_ID);
  expect(span?.parentSpanContext?.spanId).toBe(PARENT_ID);
  expect(span?.attributes).toEqual({
    "rpc.system.name": "grpc",
    "rpc.method": RPC.method,
    "rpc.response.status_code": "OK",
  });
});

test("a call of an unsampled caller has no span, and the caller's trace id and decision are propagated", () => {
  const call = traceServerCall(RPC, calledWith(`00-${TRACE_ID}-${PARENT_ID}-00`), 1);
  expect(call?.span).toBeUndefined();
  const headers = new Headers();
  context.with(call?.context ?? ROOT_CONTEXT, () => traceClientCall(RPC, headers, 1));
  expect(headers.get("traceparent")).toBe(`00-${TRACE_ID}-${PARENT_ID}-00`);
  expect(recorded.ended()).toEqual([]);
});

test.each([
  ["no traceparent", undefined],
  ["a malformed one", "hostile; drop table"],
  ["ids of zeroes", `00-${"0".repeat(32)}-${"0".repeat(16)}-01`],
  ["a long one", "00-".padEnd(100_000, "f")],
])("%s starts a trace by the ratio: always at 1, never at 0", (_, traceparent) => {
  expect(traceServerCall(RPC, calledWith(traceparent), 0)).toBeUndefined();
  const call = traceServerCall(RPC, calledWith(traceparent), 1);
  endCallTrace(call?.span, OK);
  expect(recorded.ended()[0]?.parentSpanContext).toBeUndefined();
});

test("an outgoing call is a CLIENT span below the active one, and its traceparent names that span", () => {
  const parent = trace.getTracer("test").startSpan("parent");
  const headers = new Headers();
  const call = context.with(trace.setSpan(ROOT_CONTEXT, parent), () => traceClientCall(RPC, headers, 0));
  endCallTrace(call.span, OK);
  const [span] = recorded.ended();
  expect(span).toMatchObject({ kind: SpanKind.CLIENT });
  expect(span?.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
  const { traceId, spanId } = span?.spanContext() ?? {};
  expect(headers.get("traceparent")).toBe(`00-${traceId}-${spanId}-01`);
});

test("an outgoing call outside a trace continues the trace that its headers name", () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  for (const flags of ["00", "01"]) {
    const headers = new Headers({ traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` });
    endCallTrace(traceClientCall(RPC, headers, 1).span, OK);
    expect(headers.get("traceparent")).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-${flags}$`));
  }
  expect(recorded.ended().map((span) => span.spanContext().traceId)).toEqual([traceId]);
  const broken = new Headers({ traceparent: "00-0" });
  traceClientCall(RPC, broken, 0);
  expect(broken.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test("an unsampled outgoing call outside a trace sends new ids and the sampling decision", () => {
  const headers = new Headers();
  const { span } = traceClientCall(RPC, headers, 0);
  expect(span).toBeUndefined();
  expect(headers.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  const forwarded = propagation.extract(ROOT_CONTEXT, Object.fromEntries(headers));
  expect(trace.getSpanContext(forwarded)?.traceFlags).toBe(0);
});

test("a span has the code of an error; a code that blames the caller is not an error", () => {
  const end = (code: string, isError: boolean) =>
    endCallTrace(traceServerCall(RPC, calledWith(), 1)?.span, { code, isError });
  end("INTERNAL", true);
  end("NOT_FOUND", false);
  const [failed, rejected] = recorded.ended();
  expect(failed?.status).toEqual({ code: SpanStatusCode.ERROR, message: "INTERNAL" });
  expect(failed?.attributes).toMatchObject({ "error.type": "INTERNAL", "rpc.response.status_code": "INTERNAL" });
  expect(rejected?.status.code).toBe(SpanStatusCode.UNSET);
  expect(rejected?.attributes).not.toHaveProperty("error.type");
});
