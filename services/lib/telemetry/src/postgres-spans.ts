import { finished, Readable, Writable } from "node:stream";
import { type Context, context, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";

type AnyFunction = (...args: unknown[]) => unknown;

/**
 * Makes a postgres.js client write a CLIENT span per query that runs inside a recorded span; other queries cost one look-up.
 * Covers `unsafe` (the one method that drizzle calls) and the clients that `begin` and `savepoint` hand to their callbacks, which
 * also keep the trace context they were called in. Spans carry operation and table, never values. Changes `sql` and returns it.
 */
export function withSqlSpans<S extends object>(sql: S): S {
  wrapMethod(sql, "unsafe", traceQueries);
  wrapMethod(sql, "begin", traceTransaction);
  wrapMethod(sql, "savepoint", traceTransaction);
  return sql;
}

function wrapMethod(target: object, name: string, wrap: (original: AnyFunction) => AnyFunction): void {
  const original: unknown = Reflect.get(target, name);
  if (typeof original === "function") Reflect.set(target, name, wrap(original.bind(target)));
}

function traceQueries(unsafe: AnyFunction): AnyFunction {
  return (...args) => {
    const query = unsafe(...args);
    const active = context.active();
    if (!trace.getSpan(active)?.isRecording() || typeof args[0] !== "string") return query;
    return query instanceof Promise ? endWith(query, startSpan(args[0], active)) : query;
  };
}

/** A transaction's callback runs in the context of the socket that served it, unless it is given its own back. */
function traceTransaction(begin: AnyFunction): AnyFunction {
  return (...args) => {
    const work = args.at(-1);
    if (typeof work !== "function") return begin(...args);
    const active = context.active();
    const traced = (sql: object): unknown => context.with(active, () => work(withSqlSpans(sql)));
    return begin(...args.slice(0, -1), traced);
  };
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

/** postgres.js starts a query when it is first awaited, so the query itself must be given back, its `then` told of the end. */
function endWith(query: Promise<unknown>, span: Span): Promise<unknown> {
  const settle = query.then;
  const end = once((error?: unknown) => {
    if (error instanceof Error) {
      const code = "code" in error ? String(error.code) : error.name;
      span.setStatus({ code: SpanStatusCode.ERROR, message: code });
      span.setAttribute("db.response.status_code", code);
    }
    span.end();
  });
  const then = (onFulfilled?: AnyFunction, onRejected?: AnyFunction): Promise<unknown> =>
    settle.call(
      query,
      (rows) => {
        // A COPY gives its stream first; its work is done when that is.
        if (rows instanceof Writable || rows instanceof Readable) finished(rows, end);
        else end();
        return onFulfilled ? onFulfilled(rows) : rows;
      },
      (error) => {
        end(error);
        if (onRejected) return onRejected(error);
        throw error;
      },
    );
  Reflect.set(query, "then", then);
  return query;
}

function once<A extends unknown[]>(act: (...args: A) => void): (...args: A) => void {
  let done = false;
  return (...args) => {
    if (done) return;
    done = true;
    act(...args);
  };
}

/** Operation and first table of a statement, for a name of few values: `insert into "bellwether"."scores" …` → INSERT bellwether.scores. */
export function summarize(sql: string): { readonly operation: string; readonly table: string | undefined } {
  const head = sql.slice(0, 2_000);
  const operation = (/^\s*(\w+)/.exec(head)?.[1] ?? "SQL").toUpperCase();
  const name = /\b(?:from|into|update|join|copy|table)\s+((?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+))?)/i.exec(
    head,
  )?.[1];
  return { operation, table: name?.replaceAll('"', "") };
}
