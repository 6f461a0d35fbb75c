import { createContextKey, isSpanContextValid, ROOT_CONTEXT, TraceFlags, trace } from "@opentelemetry/api";
import { expect, test } from "vitest";
import { unsampledContext } from "./unsampled-trace.ts";

const contexts = () => Array.from({ length: 1_000 }, () => trace.getSpanContext(unsampledContext()));

test("an unsampled trace has ids of the usual form and the flag for not sampled", () => {
  for (const context of contexts()) {
    if (!context) throw new Error("no span context");
    expect(isSpanContextValid(context)).toBe(true);
    expect(context.traceFlags).toBe(TraceFlags.NONE);
  }
});

test("each unsampled trace has its own ids, which do not change once read", () => {
  const made = contexts();
  const ids = () => made.map((context) => `${context?.traceId}-${context?.spanId}`);
  expect(new Set(ids()).size).toBe(made.length);
  expect(ids()).toEqual(ids());
});

test("other values of the context are kept", () => {
  const key = createContextKey("test");
  expect(unsampledContext(ROOT_CONTEXT.setValue(key, "kept")).getValue(key)).toBe("kept");
});
