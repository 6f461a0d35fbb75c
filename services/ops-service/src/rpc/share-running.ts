import { runOutsideCalls } from "@bellwether/telemetry/lazy-context";

/**
 * Runs expensive work once at a time: calls that come while it runs get the result of the running one. A call that is
 * canceled stops waiting; the work is aborted when no call waits any more.
 */
export function shareRunning<T>(work: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let running: { readonly result: Promise<T>; readonly stop: AbortController; callers: number } | null = null;
  const start = () => {
    const stop = new AbortController();
    // Outside the first call: its end must not end the work of the others.
    const started = { result: runOutsideCalls(() => work(stop.signal)), stop, callers: 0 };
    const forget = () => {
      if (running === started) running = null;
    };
    started.result.then(forget, forget);
    return started;
  };
  return async (signal) => {
    signal.throwIfAborted();
    running ??= start();
    const shared = running;
    shared.callers++;
    const canceled = Promise.withResolvers<never>();
    const cancel = () => canceled.reject(signal.reason);
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await Promise.race([shared.result, canceled.promise]);
    } finally {
      signal.removeEventListener("abort", cancel);
      shared.callers--;
      if (shared.callers === 0) {
        // A later call must not join work that ends with an abort.
        if (running === shared) running = null;
        shared.stop.abort(new Error("no call waits for the result any more"));
      }
    }
  };
}
