import { Worker } from "node:worker_threads";
import { ModelRejectedError } from "@bellwether/scoring/model/model-rejected-error";
import { ImportRejectedError } from "../domain/scheduler-error.ts";
import type { PrepareAnswer, PreparedModel, PrepareTask } from "./prepare-task.ts";

/** Heap limit of a preparing thread; the memory of ONNX Runtime is not part of it. */
const MAX_HEAP_MB = 1_024;

/** Prepares uploaded models outside the event loop, one at a time. */
export interface ModelPreparer extends AsyncDisposable {
  /**
   * Reads the files of an upload, converts a foreign model, and describes it. The files are handed over to a thread without a copy: the
   * caller cannot read them afterwards.
   * @throws ModelRejectedError, ImportRejectedError; the signal's reason when the signal is aborted first
   */
  prepare(task: PrepareTask, signal: AbortSignal): Promise<PreparedModel>;
}

/** Creates a preparer; closing it ends a running preparation. */
export function createModelPreparer(): ModelPreparer {
  const closing = new AbortController();
  let last: Promise<void> = Promise.resolve();
  return {
    async prepare(task, signal) {
      const before = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = promise;
      try {
        await before;
        return await prepareInThread(task, AbortSignal.any([closing.signal, signal]));
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

async function prepareInThread(task: PrepareTask, signal: AbortSignal): Promise<PreparedModel> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<PreparedModel>();
  const rejected = (text: string, cause?: unknown): Error =>
    task.kind === "import" ? new ImportRejectedError(text, { cause }) : new ModelRejectedError(text, { cause });
  const files = task.kind === "publish" ? [task.onnx] : [task.model, task.background, task.expected];
  const worker = new Worker(new URL("./prepare-worker.ts", import.meta.url), {
    workerData: task,
    transferList: files.flatMap((file) => (file?.buffer instanceof ArrayBuffer ? [file.buffer] : [])),
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  worker.once("message", (answer: PrepareAnswer) =>
    answer.outcome === "ready" ? resolve(answer.model) : reject(rejected(answer.reason)),
  );
  worker.once("error", (cause) => reject(rejected(`reading it failed: ${cause.message}`, cause)));
  worker.once("exit", (code) => reject(rejected(`the thread that read it exited with ${code}`)));
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    await worker.terminate();
  }
}
