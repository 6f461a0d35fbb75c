import { expect, test } from "vitest";
import { createPageTrace, followActions, statedSampleRatio } from "./page-trace.ts";

const idsOf = (traceparent: string) => {
  const [, traceId, parentId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])$/.exec(traceparent) ?? [];
  return { traceId, parentId, flags };
};

test("calls of one action share a trace, each with its own parent id", () => {
  const trace = createPageTrace({ sampleRatio: 1, now: () => 0 });
  const [first, second] = [idsOf(trace.traceparent()), idsOf(trace.traceparent())];
  expect(first.traceId).toBeDefined();
  expect(second.traceId).toBe(first.traceId);
  expect(second.parentId).not.toBe(first.parentId);
});

test.each(["pointerdown", "keydown", "popstate"])("%s begins a trace", (action) => {
  const page = new EventTarget();
  const trace = createPageTrace({ sampleRatio: 1, now: () => 0 });
  followActions(trace, page);
  const before = idsOf(trace.traceparent());
  page.dispatchEvent(new Event(action));
  expect(idsOf(trace.traceparent()).traceId).not.toBe(before.traceId);
});

test("a call that the page makes 5 s after the last action begins a trace too", () => {
  let now = 0;
  const trace = createPageTrace({ sampleRatio: 1, now: () => now });
  const { traceId } = idsOf(trace.traceparent());
  now = 4_999;
  expect(idsOf(trace.traceparent()).traceId).toBe(traceId);
  now = 5_000;
  expect(idsOf(trace.traceparent()).traceId).not.toBe(traceId);
});

test.each([
  [0, 0, "00"],
  [0.01, 0.0099, "01"],
  [0.01, 0.01, "00"],
  [1, 0.9999, "01"],
])("at a ratio of %s, a trace that draws %s has the flags %s", (sampleRatio, drawn, flags) => {
  expect(idsOf(createPageTrace({ sampleRatio, draw: () => drawn }).traceparent()).flags).toBe(flags);
});

test("all calls of an action have the sampling decision of its trace, and the next action draws again", () => {
  const drawn = [0.9, 0.1];
  const trace = createPageTrace({ sampleRatio: 0.5, now: () => 0, draw: () => drawn.shift() ?? 0.9 });
  const flags = () => idsOf(trace.traceparent()).flags;
  expect([flags(), flags()]).toEqual(["00", "00"]);
  trace.begin();
  expect([flags(), flags()]).toEqual(["01", "01"]);
});

const pageThatStates = (content: string | undefined) => ({
  querySelector: () => (content === undefined ? null : { getAttribute: () => content }),
});

test.each([
  ["0", 0],
  ["0.25", 0.25],
  ["1", 1],
])("a page with the content %s has that ratio", (content, ratio) => {
  expect(statedSampleRatio(pageThatStates(content))).toBe(ratio);
});

test.each([undefined, "", "1.01", "-0.01", "many", "NaN"])("a page with the content %j has 1 %%", (content) => {
  expect(statedSampleRatio(pageThatStates(content))).toBe(0.01);
});
