import { expect, test } from "vitest";
import { createPageTrace, followActions } from "./page-trace.ts";

const idsOf = (traceparent: string) => {
  const [, traceId, parentId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(traceparent) ?? [];
  return { traceId, parentId };
};

test("calls of one action share a trace, each with a parent id of its own", () => {
  const trace = createPageTrace(() => 0);
  const [first, second] = [idsOf(trace.traceparent()), idsOf(trace.traceparent())];
  expect(first.traceId).toBeDefined();
  expect(second.traceId).toBe(first.traceId);
  expect(second.parentId).not.toBe(first.parentId);
});

test.each(["pointerdown", "keydown", "popstate"])("%s begins a trace", (action) => {
  const page = new EventTarget();
  const trace = createPageTrace(() => 0);
  followActions(trace, page);
  const before = idsOf(trace.traceparent());
  page.dispatchEvent(new Event(action));
  expect(idsOf(trace.traceparent()).traceId).not.toBe(before.traceId);
});

test("a call of its own, 5 s after what a person did, begins a trace too", () => {
  let now = 0;
  const trace = createPageTrace(() => now);
  const { traceId } = idsOf(trace.traceparent());
  now = 4_999;
  expect(idsOf(trace.traceparent()).traceId).toBe(traceId);
  now = 5_000;
  expect(idsOf(trace.traceparent()).traceId).not.toBe(traceId);
});
