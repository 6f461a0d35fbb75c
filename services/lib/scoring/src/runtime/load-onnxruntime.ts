import { createRequire } from "node:module";
import { isMainThread } from "node:worker_threads";
import type * as OnnxRuntime from "onnxruntime-node";
import type * as OnnxBinding from "onnxruntime-node/dist/binding.js";

/**
 * Environment variable that turns telemetry off. The runtime's library reads it when it creates its first
 * session.
 */
const VARIABLE = "ORT_DISABLE_TELEMETRY";
const requireOf = createRequire(import.meta.url);

/**
 * Loads ONNX Runtime; no other file may import its package (tests/architecture.test.ts). Its library has a
 * telemetry client that looks up the vendor's event host, keeps a database below the home folder and prints
 * its own line on a read-only root. This module turns telemetry off before the library is loaded, whatever
 * the environment says.
 */
export const ort: typeof OnnxRuntime = load();

/** A session whose `run` returns its outputs, where the one of `ort` returns a promise for the next iteration of the event loop. */
export type SynchronousSession = OnnxBinding.Binding.InferenceSession;

/** Types of the runtime, so that other files do not import its package. */
export type Tensor = OnnxRuntime.Tensor;
export type InferenceSession = OnnxRuntime.InferenceSession;
export type SessionOptions = OnnxRuntime.InferenceSession.SessionOptions;

/**
 * Loads a model into the binding that `ort` itself uses. The package does not document the binding, so its version is
 * pinned, and every model that is opened is compared with its recorded outputs.
 * @throws Error when the runtime cannot read the model
 */
export function openSynchronousSession(
  onnx: Uint8Array,
  options: OnnxRuntime.InferenceSession.SessionOptions,
): SynchronousSession {
  const { buffer, byteOffset, byteLength } = onnx;
  if (!(buffer instanceof ArrayBuffer)) return openSynchronousSession(new Uint8Array(onnx), options);
  const { binding, initOrt }: typeof OnnxBinding = requireOf("onnxruntime-node/dist/binding.js");
  initOrt();
  const session = new binding.InferenceSession();
  session.loadModel(buffer, byteOffset, byteLength, options);
  return session;
}

function load(): typeof OnnxRuntime {
  // A worker's process.env is a copy, and the library does not see what the worker sets. The main thread has
  // set the variable for the whole process.
  if (isMainThread) process.env[VARIABLE] = "1";
  else if (process.env[VARIABLE] !== "1")
    throw new Error(
      `${VARIABLE} is not set in this thread: import @bellwether/scoring/runtime/load-onnxruntime in the main thread first`,
    );
  return requireOf("onnxruntime-node");
}
