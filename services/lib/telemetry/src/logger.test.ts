import { recordSpans } from "@bellwether/testing/recorded-spans";
import { context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";

recordSpans();

/** Returns a logger and the lines that it wrote. */
function capture() {
  const lines: string[] = [];
  const logger = createLogger({ name: "proof", destination: { write: (line) => void lines.push(line) } });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? "{}") };
}

const SECRET = "canary";

test.each([
  ["contract text", { contractText: SECRET }],
  ["contract text of a message in JSON", { contract_text: SECRET }],
  ["texts of a batch", { contractTexts: [SECRET] }],
  ["feature values", { features: { late_ratio: SECRET } }],
  ["a column's values", { values: SECRET }],
  ["categories", { categories: { region: SECRET } }],
  ["a whole request", { request: { supplier: { id: SECRET } } }],
  ["request headers", { requestHeader: { authorization: SECRET } }],
  ["a bearer token", { authorization: `Bearer ${SECRET}` }],
  ["a cookie", { cookie: SECRET }],
  ["a token", { token: SECRET }],
  ["a password", { password: SECRET }],
  ["a secret", { secret: SECRET }],
  ["an API key", { apiKey: SECRET }],
])("%s is left out of a log line, at the top level and one level below", (_, fields) => {
  const { logger, lines } = capture();
  logger.info(fields, "top");
  logger.info({ supplier: fields }, "one level down");
  expect(lines).toHaveLength(2);
  expect(lines.join("")).not.toContain(SECRET);
  expect(lines.join("")).toContain("[redacted]");
});

test("an error is logged without the properties that a driver adds", () => {
  const { logger, lines, last } = capture();
  logger.error({ err: Object.assign(new Error("refused"), { parameters: [SECRET], detail: SECRET }) }, "failed");
  expect(last().err).toMatchObject({ type: "Error", message: "refused" });
  expect(lines.join("")).not.toContain(SECRET);
});

test("a line inside a span has the trace's ids, a line outside has none", () => {
  const { logger, last } = capture();
  const span = trace.getTracer("test").startSpan("work");
  const { traceId, spanId } = span.spanContext();
  context.with(trace.setSpan(ROOT_CONTEXT, span), () => logger.info("inside"));
  expect(last()).toMatchObject({ service: "proof", level: "info", trace_id: traceId, span_id: spanId });
  logger.info("outside");
  expect(last()).not.toHaveProperty("trace_id");
});

test("lines below the level are not written", () => {
  const { logger, lines } = capture();
  logger.debug("low");
  expect(lines).toEqual([]);
});
