import { isSpanContextValid, trace } from "@opentelemetry/api";
import { type DestinationStream, type Logger, pino } from "pino";
import { errorForLog } from "./log-error.ts";

export type { Logger } from "pino";

/**
 * Names of fields whose values never reach a log, at the top of a line or one level down: what a supplier sent, what a
 * contract says, and what lets somebody in.
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
  /** Lines below it are not written. Default "info". */
  readonly level?: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  /** Where lines go. Default: standard output. */
  readonly destination?: DestinationStream;
}

/** A logger of JSON lines with ISO times, the ids of the active trace, and the values of denied fields left out. */
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
