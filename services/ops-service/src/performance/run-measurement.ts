import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { DatabaseBusyError, DatabaseTimeoutError, DatabaseUnavailableError } from "../domain/ops-error.ts";
import type { PerformanceReport, PerformanceTask } from "../domain/outcomes/measure-performance.ts";
import { PerformanceBusyError } from "../domain/outcomes/outcome-error.ts";
import type { PerformanceWorkerData, PerformanceWorkerMessage } from "./performance-worker.ts";

const MAX_HEAP_MB = 256;
/** Number of different measurements that wait for the one that runs. */
const MAX_WAITING = 4;

/**
 * Creates a function that measures performance in a thread of its own, one measurement at a time: sorting hundreds of thousands of scores
 * would delay all other calls. Callers of the same measurement share it, and it ends when none of them waits any more.
 * @throws PerformanceBusyError when too many wait
 */
export function createMeasurement(databaseUrl: string) {
  interface Running {
    readonly result: Promise<PerformanceReport>;
    readonly stop: AbortController;
    callers: number;
  }
  const running = new Map<string, Running>();
  let last: Promise<unknown> = Promise.resolve();
  const begin = (key: string, task: PerformanceTask): Running => {
    if (running.size > MAX_WAITING) throw new PerformanceBusyError();
    const stop = new AbortController();
    const result = last.then(() => measureInThread({ databaseUrl, task }, stop.signal));
    last = result.catch(() => undefined);
    const started = { result, stop, callers: 0 };
    running.set(key, started);
    const forget = (): void => {
      if (running.get(key) === started) running.delete(key);
    };
    result.then(forget, forget);
    return started;
  };
  return async (task: PerformanceTask, signal: AbortSignal): Promise<PerformanceReport> => {
    signal.throwIfAborted();
    const key = JSON.stringify(task);
    const shared = running.get(key) ?? begin(key, task);
    shared.callers++;
    const left = Promise.withResolvers<never>();
    const leave = (): void => left.reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await Promise.race([shared.result, left.promise]);
    } finally {
      signal.removeEventListener("abort", leave);
      shared.callers--;
      if (shared.callers === 0) {
        if (running.get(key) === shared) running.delete(key);
        shared.stop.abort(new Error("no call waits for the measurement any more"));
      }
    }
  };
}

async function measureInThread(data: PerformanceWorkerData, signal: AbortSignal): Promise<PerformanceReport> {
  signal.throwIfAborted();
  const worker = new Worker(new URL("./performance-worker.ts", import.meta.url), {
    ...{ workerData: data, resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } },
  });
  try {
    const exited = once(worker, "exit", { signal }).then(([code]): never => {
      throw new Error(`the thread of the measurement exited with ${code}`);
    });
    // When the answer comes first, nobody waits for the exit.
    exited.catch(() => {});
    const answered = once(worker, "message", { signal }).then(([message]): PerformanceWorkerMessage => message);
    const message = await Promise.race([answered, exited]);
    if ("error" in message) throw errorOf(message.error);
    return message.report;
  } finally {
    await worker.terminate();
  }
}

/** Returns the error of the thread with its class, so that callers get its code. */
function errorOf({ name, message }: { readonly name: string; readonly message: string }): Error {
  const classes = [DatabaseBusyError, DatabaseTimeoutError, DatabaseUnavailableError];
  const cause = new Error(message);
  const known = classes.map((Class) => new Class({ cause })).find((error) => error.name === name);
  return known ?? cause;
}
