import { isSpanContextValid, trace } from "@opentelemetry/api";
import { type DestinationStream, type Logger, pino } from "pino";
import { errorForLog } from "./log-error.ts";

export type { Logger } from "pino";

/**
 * Names of fields whose values are never logged, at the top level of a line or one level below: data that a
 * supplier sent, data from a contract, and credentials.
 */
const DENIED_FIELDS = [
  "contract_text",
  "contractText",
  "contract_texts",
  "contractTexts",
  "features",
  "categories",
  "values",
  "authorization",
  "cookie",
  "token",
  "password",
  "secret",
  "apiKey",
  "key",
  "request",
  "requestHeader",
];

export interface LoggerOptions {
  /** The service's name, on every line. */
  readonly name: string;
  /** Lines below this level are not written. Default "info". */
  readonly level?: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  /** Destination of the lines. Default: standard output. */
  readonly destination?: DestinationStream;
}

/**
 * Returns a logger that writes JSON lines with ISO times and the ids of the active trace, without the values
 * of denied fields.
 */
export function createLogger({ name, level = "info", destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    base: { service: name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (error: unknown) => errorForLog(error) },
    redact: { paths: DENIED_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: "[redacted]" },
    mixin: activeTrace,
  };
  return destination ? pino(options, destination) : pino(options);
}

function activeTrace(): object {
  const context = trace.getActiveSpan()?.spanContext();
  return context && isSpanContextValid(context) ? { trace_id: context.traceId, span_id: context.spanId } : {};
}
