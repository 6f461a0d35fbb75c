import { createContextKey, isSpanContextValid, ROOT_CONTEXT, TraceFlags, trace } from "@opentelemetry/api";
import { expect, test } from "vitest";
import { unsampledContext } from "./unsampled-trace.ts";

const contexts = () => Array.from({ length: 1_000 }, () => trace.getSpanContext(unsampledContext()));

test("a trace that is not recorded has ids as others have them, and says that it is not", () => {
  for (const context of contexts()) {
    if (!context) throw new Error("no span context");
    expect(isSpanContextValid(context)).toBe(true);
    expect(context.traceFlags).toBe(TraceFlags.NONE);
  }
});

test("each has ids of its own, which stay once they were asked for", () => {
  const made = contexts();
  const ids = () => made.map((context) => `${context?.traceId}-${context?.spanId}`);
  expect(new Set(ids()).size).toBe(made.length);
  expect(ids()).toEqual(ids());
});

test("what else is in the context stays", () => {
  const key = createContextKey("test");
  expect(unsampledContext(ROOT_CONTEXT.setValue(key, "kept")).getValue(key)).toBe("kept");
});
