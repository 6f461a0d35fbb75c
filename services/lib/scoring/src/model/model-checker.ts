import { Worker } from "node:worker_threads";
// A thread cannot turn off the runtime's telemetry: this module is loaded before the thread starts.
import "../runtime/load-onnxruntime.ts";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ModelCheck } from "./model-check.ts";
import type { ModelCheckAnswer, ModelCheckTask } from "./model-check-worker.ts";
import { ModelRejectedError } from "./model-rejected-error.ts";
import type { PreparedModel } from "./prepared-model.ts";
import type { GateOptions } from "./scoring-model.ts";

/** Heap limit of a checking thread; the memory of ONNX Runtime is not part of it. */
const MAX_HEAP_MB = 2_048;

/** Time after which a thread without work ends, ms: starting one takes longer than most checks. */
const IDLE_MS = 10_000;

/** Checks versions outside the event loop, one at a time. */
export interface ModelChecker extends AsyncDisposable {
  /**
   * Makes the checks of `checkScoringModel` in its own thread. The thread is replaced after a rejection, and ends when it has
   * had nothing to do for 10 seconds.
   * @throws ModelRejectedError when it cannot be served; the signal's reason when the signal is aborted first.
   */
  check(stored: StoredVersion, signal?: AbortSignal): Promise<readonly ModelCheck[]>;
  /**
   * Makes the same checks, and reads the version for `openScoringModel`: in the calling thread it would take seconds for a large model.
   * @param passed results of an earlier check of the same files: the checks are not made again. Null: they are made
   * @throws as `check`
   */
  prepare(stored: StoredVersion, passed: readonly ModelCheck[] | null): Promise<PreparedVersion>;
}

/** A version that has passed its checks, and what the calling thread needs to open it. */
export interface PreparedVersion {
  readonly checks: readonly ModelCheck[];
  readonly prepared: PreparedModel;
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
  const performInThread = async (task: ModelCheckTask, signal: AbortSignal): Promise<ModelCheckAnswer> => {
    signal.throwIfAborted();
    clearTimeout(idle);
    thread ??= startThread();
    try {
      const answer = await askThread(thread, task, signal);
      endWhenIdle();
      return answer;
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
  /** Performs one task at a time, in the order of the calls. */
  const perform = async (task: ModelCheckTask, signal?: AbortSignal): Promise<ModelCheckAnswer> => {
    const ended = AbortSignal.any([closing.signal, ...(signal === undefined ? [] : [signal])]);
    const before = last;
    const { promise, resolve } = Promise.withResolvers<void>();
    last = promise;
    try {
      await before;
      return await performInThread(task, ended);
    } finally {
      resolve();
    }
  };
  return {
    check: async (stored, signal) => (await perform({ stored, gate, passed: null, isPrepared: false }, signal)).checks,
    async prepare(stored, passed) {
      const { checks, prepared } = await perform({ stored, gate, passed, isPrepared: true });
      if (prepared === null) throw new Error("the thread that checks versions has not sent the prepared model");
      return { checks, prepared };
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error("the service stops"));
      await last;
      await endThread();
    },
  };
}

async function askThread(worker: Worker, task: ModelCheckTask, signal: AbortSignal): Promise<ModelCheckAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ModelCheckAnswer>();
  const abort = (): void => reject(signal.reason);
  const answered = (answer: ModelCheckAnswer): void => {
    const { rejection, checks } = answer;
    if (rejection === null) resolve(answer);
    else reject(new ModelRejectedError(rejection, { checks }));
  };
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
