import { runOutsideCalls } from "@bellwether/telemetry/lazy-context";
import { createWaitingCalls, type WaitingCalls } from "./waiting-calls.ts";

/**
 * Runs expensive work once at a time: calls that come while it runs get the result of the running one. A call that is
 * canceled stops waiting; the work is aborted when no call waits any more.
 */
export function shareRunning<T>(work: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let running: { readonly result: Promise<T>; readonly calls: WaitingCalls } | null = null;
  const start = () => {
    const forget = () => {
      if (running === started) running = null;
    };
    // A later call must not join work that ends with an abort.
    const calls = createWaitingCalls(forget);
    // Outside the first call: its end must not end the work of the others.
    const started = { result: runOutsideCalls(() => work(calls.signal)), calls };
    started.result.then(forget, forget);
    return started;
  };
  return async (signal) => {
    signal.throwIfAborted();
    running ??= start();
    return await running.calls.join(running.result, signal);
  };
}
