import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, type ContextManager, ROOT_CONTEXT } from "@opentelemetry/api";

/** Something that has a trace context, made when it is asked for. */
export interface ContextSource {
  readonly traceContext: Context;
}

const storage = new AsyncLocalStorage<Context | ContextSource>();

/** Runs `work` with a context that comes into being only when a span, a log line or an outgoing call asks for it. */
export function runInContext<T>(source: ContextSource, work: () => T): T {
  return storage.run(source, work);
}

/** The signal of the call that the code runs in: aborted when nobody waits for it any more. Undefined outside calls and inside recorded spans. */
export function currentSignal(): AbortSignal | undefined {
  const current = storage.getStore();
  return current && "signal" in current && current.signal instanceof AbortSignal ? current.signal : undefined;
}

/** OpenTelemetry's context manager over AsyncLocalStorage, with contexts that may be lazy. */
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
