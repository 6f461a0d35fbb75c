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

/** Checks versions outside the event loop, one at a time. */
export interface ModelChecker extends AsyncDisposable {
  /**
   * Makes the checks of `checkScoringModel` in a thread of its own, which ends with them.
   * @throws ModelRejectedError when it cannot be served; the signal's reason when the signal is aborted first.
   */
  check(stored: StoredVersion, signal?: AbortSignal): Promise<readonly ModelCheck[]>;
}

/** Creates a checker; closing it ends a running check. */
export function createModelChecker(gate: GateOptions = {}): ModelChecker {
  const closing = new AbortController();
  let last: Promise<void> = Promise.resolve();
  return {
    async check(stored, signal) {
      const ended = AbortSignal.any([closing.signal, ...(signal === undefined ? [] : [signal])]);
      const before = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = promise;
      try {
        await before;
        return await checkInThread({ stored, gate }, ended);
      } finally {
        resolve();
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error("the service stops"));
      await last;
    },
  };
}

async function checkInThread(task: ModelCheckTask, signal: AbortSignal): Promise<readonly ModelCheck[]> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<readonly ModelCheck[]>();
  const worker = new Worker(new URL("./model-check-worker.ts", import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  worker.once("message", ({ rejection, checks }: ModelCheckAnswer) =>
    rejection === null ? resolve(checks) : reject(new ModelRejectedError(rejection, { checks })),
  );
  worker.once("error", (cause) => reject(new ModelRejectedError(`checking it failed: ${cause.message}`, { cause })));
  worker.once("exit", (code) => reject(new ModelRejectedError(`the thread that checked it exited with ${code}`)));
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    await worker.terminate();
  }
}
