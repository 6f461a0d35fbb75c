import { type Context, ROOT_CONTEXT, SpanKind, type TraceFlags, trace } from "@opentelemetry/api";
import { SamplingDecision } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import { createRootSampler } from "./root-sampler.ts";
import { markSampled } from "./sampled-context.ts";

/** The lowest and the highest trace id: a ratio sampler accepts the lowest first and the highest last. */
const LOW = "00000001".padEnd(32, "0");
const HIGH = "ffffffff".padEnd(32, "0");

function isRecorded(ratio: number, parent: Context, traceId = HIGH): boolean {
  const { decision } = createRootSampler(ratio).shouldSample(parent, traceId, "call", SpanKind.SERVER, {}, []);
  return decision === SamplingDecision.RECORD_AND_SAMPLED;
}

const calledWith = (traceFlags: TraceFlags): Context =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId: HIGH, spanId: "1".repeat(16), traceFlags, isRemote: true });

test.each([0, 0.01, 1])("a caller's sampling decision is followed at ratio %f", (ratio) => {
  expect(isRecorded(ratio, calledWith(1))).toBe(true);
  expect(isRecorded(ratio, calledWith(0))).toBe(false);
});

test("a trace that was already sampled is recorded without a second decision", () => {
  expect(isRecorded(0.01, markSampled(ROOT_CONTEXT))).toBe(true);
  expect(isRecorded(0, markSampled(ROOT_CONTEXT))).toBe(true);
  expect(isRecorded(0.01, ROOT_CONTEXT)).toBe(false);
});

test("a context that is marked as sampled does not override an unsampled caller", () => {
  expect(isRecorded(1, markSampled(calledWith(0)))).toBe(false);
});

test("new traces are sampled by their id: none at ratio 0, all at ratio 1", () => {
  expect([LOW, HIGH].map((id) => isRecorded(0, ROOT_CONTEXT, id))).toEqual([false, false]);
  expect([LOW, HIGH].map((id) => isRecorded(0.5, ROOT_CONTEXT, id))).toEqual([true, false]);
  expect([LOW, HIGH].map((id) => isRecorded(1, ROOT_CONTEXT, id))).toEqual([true, true]);
});
