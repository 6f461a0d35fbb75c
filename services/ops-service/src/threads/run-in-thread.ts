import { once } from "node:events";
import { Worker } from "node:worker_threads";
import {
  DatabaseBusyError,
  DatabaseFullError,
  DatabaseTimeoutError,
  DatabaseUnavailableError,
} from "../domain/ops-error.ts";

/** The data with which a thread is started. The data contain passwords and must never be logged. */
export interface ThreadData<Task> {
  readonly databaseUrl: string;
  readonly task: Task;
}

/** The one message of a thread. */
export type ThreadMessage<Report> =
  | { readonly report: Report }
  /** `error`: the name of an error class, and its message. */
  | { readonly error: { readonly name: string; readonly message: string } };

export interface ThreadWorkOptions {
  readonly databaseUrl: string;
  /** The module of the thread: it reads ThreadData and sends one ThreadMessage. */
  readonly worker: URL;
  readonly maxHeapMb: number;
  /** Returns the error for a task that comes while too many others wait. */
  readonly busy: () => Error;
}

/** Number of different tasks that wait for the running task. */
const MAX_WAITING = 4;

/** Does the work of a task. Aborted: the caller does not wait any more. */
export type ThreadWork<Task, Report> = (task: Task, signal: AbortSignal) => Promise<Report>;

/**
 * Creates a function that does long work in a separate thread, because the work would delay all other calls. One task
 * runs at a time. Callers of the same task share it. The task is aborted when no caller waits for it any more.
 * @throws the error of `busy` when too many tasks wait
 */
export function createThreadWork<Task, Report>(options: ThreadWorkOptions): ThreadWork<Task, Report> {
  interface Running {
    readonly result: Promise<Report>;
    readonly stop: AbortController;
    callers: number;
  }
  const running = new Map<string, Running>();
  let last: Promise<unknown> = Promise.resolve();
  const begin = (key: string, task: Task): Running => {
    if (running.size > MAX_WAITING) throw options.busy();
    const stop = new AbortController();
    const result = last.then(() => runInThread<Task, Report>(options, task, stop.signal));
    last = result.catch(() => undefined);
    const started = { result, stop, callers: 0 };
    running.set(key, started);
    const forget = (): void => {
      if (running.get(key) === started) running.delete(key);
    };
    result.then(forget, forget);
    return started;
  };
  return async (task, signal) => {
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
        shared.stop.abort(new Error("no call waits for the result any more"));
      }
    }
  };
}

async function runInThread<Task, Report>(
  { databaseUrl, worker: module, maxHeapMb }: ThreadWorkOptions,
  task: Task,
  signal: AbortSignal,
): Promise<Report> {
  signal.throwIfAborted();
  const workerData: ThreadData<Task> = { databaseUrl, task };
  const worker = new Worker(module, { workerData, resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } });
  try {
    const exited = once(worker, "exit", { signal }).then(([code]): never => {
      throw new Error(`the thread exited with ${code}`);
    });
    // When the answer comes first, nobody waits for the exit.
    exited.catch(() => {});
    const answered = once(worker, "message", { signal }).then(([message]): ThreadMessage<Report> => message);
    const message = await Promise.race([answered, exited]);
    if ("error" in message) throw errorOf(message.error);
    return message.report;
  } finally {
    await worker.terminate();
  }
}

/** Returns the error of the thread with its class, so that callers get its code. */
function errorOf({ name, message }: { readonly name: string; readonly message: string }): Error {
  const classes = [DatabaseBusyError, DatabaseFullError, DatabaseTimeoutError, DatabaseUnavailableError];
  const cause = new Error(message);
  const known = classes.map((Class) => new Class({ cause })).find((error) => error.name === name);
  return known ?? cause;
}
