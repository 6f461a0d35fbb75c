import { recordSpans } from "@bellwether/testing/recorded-spans";
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { afterEach, expect, test } from "vitest";
import { inSpan } from "./in-span.ts";

const recorded = recordSpans();
afterEach(() => recorded.reset());

test("inSpan starts a trace, and spans inside its work are children of its span", async () => {
  const seen = await inSpan("outer", () => inSpan("inner", async () => trace.getActiveSpan()?.spanContext().spanId));
  const [inner, outer] = recorded.ended();
  expect(outer).toMatchObject({ name: "outer", kind: SpanKind.INTERNAL, status: { code: SpanStatusCode.UNSET } });
  expect(outer?.parentSpanContext).toBeUndefined();
  expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
  expect(inner?.spanContext().spanId).toBe(seen);
});

test("an error of the work is rethrown; the span has status ERROR and the error type, not the message", async () => {
  const failing = inSpan("failing", async () => {
    throw new RangeError("Canary Holdings");
  });
  await expect(failing).rejects.toThrow("Canary Holdings");
  const [span] = recorded.ended();
  expect(span).toMatchObject({ status: { code: SpanStatusCode.ERROR }, attributes: { "error.type": "RangeError" } });
  expect(JSON.stringify([span?.attributes, span?.events, span?.status])).not.toContain("Canary");
});
