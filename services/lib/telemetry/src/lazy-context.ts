import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, type ContextManager, ROOT_CONTEXT } from "@opentelemetry/api";

/** An object with a trace context that is created when it is first read. */
export interface ContextSource {
  readonly traceContext: Context;
}

const storage = new AsyncLocalStorage<Context | ContextSource>();

/** Runs `work` with a context that is created only when a span, a log line or an outgoing call reads it. */
export function runInContext<T>(source: ContextSource, work: () => T): T {
  return storage.run(source, work);
}

/**
 * Returns the abort signal of the call in which the code runs; it fires when no client waits for the call any
 * more. Undefined outside calls and inside recorded spans.
 */
export function currentSignal(): AbortSignal | undefined {
  const current = storage.getStore();
  return current && "signal" in current && current.signal instanceof AbortSignal ? current.signal : undefined;
}

/**
 * Runs `work` outside the call in which the code runs, for work that goes on after the call has ended: without the
 * call's trace, and without its abort signal, which would end the queries of the work.
 */
export function runOutsideCalls<T>(work: () => T): T {
  return storage.run(ROOT_CONTEXT, work);
}

/**
 * Runs `work` in the trace of the call in which the code runs, with another abort signal than that of the call: for a query
 * whose result other calls wait for, too.
 */
export function runWithSignal<T>(signal: AbortSignal, work: () => T): T {
  const current = storage.getStore();
  const source: ContextSource & { readonly signal: AbortSignal } = {
    signal,
    get traceContext() {
      if (current === undefined) return ROOT_CONTEXT;
      return "traceContext" in current ? current.traceContext : current;
    },
  };
  return storage.run(source, work);
}

/** Returns an OpenTelemetry context manager on AsyncLocalStorage whose contexts may be lazy. */
export function createLazyContextManager(): ContextManager {
  const manager: ContextManager = {
    active() {
      const current = storage.getStore();
      if (current === undefined) return ROOT_CONTEXT;
      return "traceContext" in current ? current.traceContext : current;
    },
    with: (context, work, thisArg, ...args) => storage.run(context, () => work.apply(thisArg as never, args)),
    bind(context, target) {
      if (typeof target !== "function") return target;
      const bound = (...args: unknown[]): unknown => storage.run(context, () => target(...args));
      return bound as typeof target;
    },
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}
