import { createRequire } from "node:module";
import { isMainThread } from "node:worker_threads";
import type * as OnnxRuntime from "onnxruntime-node";

/** Read by the runtime's library when its first session is made. */
const VARIABLE = "ORT_DISABLE_TELEMETRY";

/**
 * ONNX Runtime, the only place that opens it (tests/architecture.test.ts). Its library has a telemetry client that looks up its
 * maker's event host, keeps a database below the home folder and prints a line of its own on a read-only root; it is off here
 * before the library is loaded, whatever the environment says.
 */
export const ort: typeof OnnxRuntime = load();

/** Types of the runtime, so that nobody needs to name its package. */
export type Tensor = OnnxRuntime.Tensor;
export type InferenceSession = OnnxRuntime.InferenceSession;

function load(): typeof OnnxRuntime {
  // A worker's process.env is a copy: what it sets, the library does not see. The main thread has set it for the whole process.
  if (isMainThread) process.env[VARIABLE] = "1";
  else if (process.env[VARIABLE] !== "1")
    throw new Error(
      `${VARIABLE} is not set in this thread: import @bellwether/scoring/runtime/load-onnxruntime in the main thread first`,
    );
  return createRequire(import.meta.url)("onnxruntime-node");
}
