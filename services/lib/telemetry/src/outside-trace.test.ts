import { recordSpans } from "@bellwether/testing/recorded-spans";
import { afterEach, expect, test } from "vitest";
import { inSpan } from "./in-span.ts";
import { outsideTrace } from "./outside-trace.ts";

const recorded = recordSpans();
afterEach(() => recorded.reset());

test("spans of work outside the trace have no parent, also when the work begins later", async () => {
  let started = Promise.resolve();
  await inSpan("job", async () => {
    started = outsideTrace(() => Promise.resolve().then(() => inSpan("check", async () => {})));
    await inSpan("part", async () => {});
  });
  await started;
  const job = recorded.ended().find(({ name }) => name === "job");
  const parents = recorded.ended().map(({ name, parentSpanContext }) => [name, parentSpanContext?.spanId]);
  expect(Object.fromEntries(parents)).toEqual({
    job: undefined,
    part: job?.spanContext().spanId,
    check: undefined,
  });
});
