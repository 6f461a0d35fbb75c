import { finished, Writable } from "node:stream";
import { type Context, context, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";

type AnyFunction = (...args: unknown[]) => unknown;

/**
 * Makes a node-postgres connection write a CLIENT span for each query that runs inside a recorded span. Any
 * other query costs one look-up. The span of a COPY lasts until its stream has ended. Spans contain operation
 * and table, never values. Modifies the connection and returns it.
 */
export function withSqlSpans<C extends object>(connection: C): C {
  const query: unknown = Reflect.get(connection, "query");
  if (typeof query === "function") Reflect.set(connection, "query", traced(query.bind(connection)));
  return connection;
}

function traced(query: AnyFunction): AnyFunction {
  return (...args) => {
    const active = context.active();
    const text = trace.getSpan(active)?.isRecording() ? textOf(args[0]) : undefined;
    if (text === undefined) return query(...args);
    const end = endOf(startSpan(text, active));
    const asked = query(...args);
    if (asked instanceof Writable) finished(asked, end);
    else if (asked instanceof Promise) asked.then(() => end(), end);
    else end();
    return asked;
  };
}

/** Returns the statement of a query, in any of the forms that node-postgres accepts. */
function textOf(query: unknown): string | undefined {
  if (typeof query === "string") return query;
  if (typeof query !== "object" || query === null || !("text" in query)) return undefined;
  return typeof query.text === "string" ? query.text : undefined;
}

function startSpan(sql: string, active: Context): Span {
  const { operation, table } = summarize(sql);
  const name = table ? `${operation} ${table}` : operation;
  const attributes = {
    "db.system.name": "postgresql",
    "db.operation.name": operation,
    ...(table && { "db.collection.name": table }),
    "db.query.summary": name,
  };
  return trace.getTracer("bellwether.sql").startSpan(name, { kind: SpanKind.CLIENT, attributes }, active);
}

function endOf(span: Span): (error?: unknown) => void {
  return (error) => {
    if (error instanceof Error) {
      const code = "code" in error ? String(error.code) : error.name;
      span.setStatus({ code: SpanStatusCode.ERROR, message: code });
      span.setAttribute("db.response.status_code", code);
    }
    span.end();
  };
}

/**
 * Returns the operation and first table of a statement, for a span name of low cardinality: `insert into
 * "bellwether"."scores" …` → INSERT bellwether.scores.
 */
export function summarize(sql: string): { readonly operation: string; readonly table: string | undefined } {
  const head = sql.slice(0, 2_000);
  const operation = (/^\s*(\w+)/.exec(head)?.[1] ?? "SQL").toUpperCase();
  const name = /\b(?:from|into|update|join|copy|table)\s+((?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+))?)/i.exec(
    head,
  )?.[1];
  return { operation, table: name?.replaceAll('"', "") };
}
