import { createRequire } from "node:module";
import { isMainThread } from "node:worker_threads";
import type * as OnnxRuntime from "onnxruntime-node";

/**
 * Environment variable that turns telemetry off. The runtime's library reads it when it creates its first
 * session.
 */
const VARIABLE = "ORT_DISABLE_TELEMETRY";

/**
 * Loads ONNX Runtime; no other file may import its package (tests/architecture.test.ts). Its library has a
 * telemetry client that looks up the vendor's event host, keeps a database below the home folder and prints
 * its own line on a read-only root. This module turns telemetry off before the library is loaded, whatever
 * the environment says.
 */
export const ort: typeof OnnxRuntime = load();

/** Types of the runtime, so that other files do not import its package. */
export type Tensor = OnnxRuntime.Tensor;
export type InferenceSession = OnnxRuntime.InferenceSession;

function load(): typeof OnnxRuntime {
  // A worker's process.env is a copy, and the library does not see what the worker sets. The main thread has
  // set the variable for the whole process.
  if (isMainThread) process.env[VARIABLE] = "1";
  else if (process.env[VARIABLE] !== "1")
    throw new Error(
      `${VARIABLE} is not set in this thread: import @bellwether/scoring/runtime/load-onnxruntime in the main thread first`,
    );
  return createRequire(import.meta.url)("onnxruntime-node");
}
