import {
  type InferenceSession,
  openSynchronousSession,
  ort,
  type SessionOptions,
  type SynchronousSession,
} from "./load-onnxruntime.ts";
import { runtimeErrorText } from "./runtime-error-text.ts";

/** ONNX Runtime cannot load or run a model. The message is its text without paths. */
export class OnnxRuntimeError extends Error {
  override readonly name = "OnnxRuntimeError" as const;
}

/** Loads a model in ONNX Runtime. It blocks the calling thread meanwhile. @throws OnnxRuntimeError */
export async function createSession(onnx: Uint8Array, options: SessionOptions): Promise<InferenceSession> {
  return await ort.InferenceSession.create(onnx, options).catch(plainError);
}

/** Loads a model for runs that return their outputs at once. It blocks the calling thread meanwhile. @throws OnnxRuntimeError */
export function createSynchronousSession(onnx: Uint8Array, options: SessionOptions): SynchronousSession {
  try {
    return openSynchronousSession(onnx, options);
  } catch (cause) {
    return plainError(cause);
  }
}

/** @throws OnnxRuntimeError always */
export function plainError(cause: unknown): never {
  throw new OnnxRuntimeError(runtimeErrorText(cause instanceof Error ? cause.message : String(cause)), { cause });
}
