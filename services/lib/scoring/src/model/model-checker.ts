import { Worker } from "node:worker_threads";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ModelCheckAnswer } from "./model-check-worker.ts";
import { ModelRejectedError } from "./model-rejected-error.ts";

/** Heap limit of a checking thread; the memory of ONNX Runtime is not part of it. */
const MAX_HEAP_MB = 2_048;

/** Checks versions outside the event loop, one at a time. */
export interface ModelChecker extends AsyncDisposable {
  /**
   * Loads a version in its own thread and frees it.
   * @throws ModelRejectedError when it cannot be served; the signal's reason when the signal is aborted first.
   */
  check(stored: StoredVersion, signal?: AbortSignal): Promise<void>;
}

/** Creates a checker; closing it ends a running check. */
export function createModelChecker(): ModelChecker {
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
        await checkInThread(stored, ended);
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

async function checkInThread(stored: StoredVersion, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const worker = new Worker(new URL("./model-check-worker.ts", import.meta.url), {
    workerData: stored,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  worker.once("message", ({ rejection }: ModelCheckAnswer) =>
    rejection === null ? resolve() : reject(new ModelRejectedError(rejection)),
  );
  worker.once("error", (cause) => reject(new ModelRejectedError(`checking it failed: ${cause.message}`, { cause })));
  worker.once("exit", (code) => reject(new ModelRejectedError(`the thread that checked it exited with ${code}`)));
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    await worker.terminate();
  }
}
