import { Worker } from "node:worker_threads";
// A thread cannot turn off the runtime's telemetry: this module is loaded before the thread starts.
import "../runtime/load-onnxruntime.ts";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ModelCheck } from "./model-check.ts";
import type { ModelCheckAnswer, ModelCheckTask } from "./model-check-worker.ts";
import { ModelRejectedError } from "./model-rejected-error.ts";
import type { GateOptions } from "./scoring-model.ts";

/** Heap limit of a checking thread; the memory of ONNX Runtime is not part of it. */
const MAX_HEAP_MB = 2_048;

/** Time after which a thread without work ends, ms: starting one takes longer than most checks. */
const IDLE_MS = 10_000;

/** Checks versions outside the event loop, one at a time. */
export interface ModelChecker extends AsyncDisposable {
  /**
   * Makes the checks of `checkScoringModel` in a thread of its own. The thread is replaced after a rejection, and ends when it has
   * had nothing to do for 10 seconds.
   * @throws ModelRejectedError when it cannot be served; the signal's reason when the signal is aborted first.
   */
  check(stored: StoredVersion, signal?: AbortSignal): Promise<readonly ModelCheck[]>;
}

/** Creates a checker; closing it ends a running check. */
export function createModelChecker(gate: GateOptions = {}): ModelChecker {
  const closing = new AbortController();
  let last: Promise<void> = Promise.resolve();
  let thread: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;

  const startThread = (): Worker => {
    const started = new Worker(new URL("./model-check-worker.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    // An error outside a check ends the thread; the next check starts another one.
    started.on("error", () => {});
    started.once("exit", () => {
      if (thread === started) thread = null;
    });
    return started;
  };
  const endThread = async (): Promise<void> => {
    clearTimeout(idle);
    const ended = thread;
    thread = null;
    await ended?.terminate();
  };
  const endWhenIdle = (): void => {
    idle = setTimeout(() => void endThread(), IDLE_MS).unref();
  };
  const checkInThread = async (stored: StoredVersion, signal: AbortSignal): Promise<readonly ModelCheck[]> => {
    signal.throwIfAborted();
    clearTimeout(idle);
    thread ??= startThread();
    try {
      const checks = await askThread(thread, { stored, gate }, signal);
      endWhenIdle();
      return checks;
    } catch (error) {
      // What a hostile file has left in the thread does not meet the next version. Its successor starts now, because the version
      // that replaces a rejected one often follows soon, and would wait for the start.
      await endThread();
      if (!closing.signal.aborted) {
        thread = startThread();
        thread.unref();
        endWhenIdle();
      }
      throw error;
    }
  };
  return {
    async check(stored, signal) {
      const ended = AbortSignal.any([closing.signal, ...(signal === undefined ? [] : [signal])]);
      const before = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = promise;
      try {
        await before;
        return await checkInThread(stored, ended);
      } finally {
        resolve();
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error("the service stops"));
      await last;
      await endThread();
    },
  };
}

async function askThread(worker: Worker, task: ModelCheckTask, signal: AbortSignal): Promise<readonly ModelCheck[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly ModelCheck[]>();
  const abort = (): void => reject(signal.reason);
  const answered = ({ rejection, checks }: ModelCheckAnswer): void =>
    rejection === null ? resolve(checks) : reject(new ModelRejectedError(rejection, { checks }));
  const failed = (cause: Error): void =>
    reject(new ModelRejectedError(`checking it failed: ${cause.message}`, { cause }));
  const exited = (code: number): void =>
    reject(new ModelRejectedError(`the thread that checked it exited with ${code}`));
  signal.addEventListener("abort", abort, { once: true });
  worker.once("message", answered).once("error", failed).once("exit", exited);
  worker.ref();
  worker.postMessage(task);
  try {
    return await promise;
  } finally {
    worker.unref();
    signal.removeEventListener("abort", abort);
    worker.off("message", answered).off("error", failed).off("exit", exited);
  }
}
