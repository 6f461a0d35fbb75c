import { createHash } from "node:crypto";
import type { InputLooks } from "../domain/input-object.ts";
import { InputNotFoundError, InputRejectedError, InputUnavailableError } from "../domain/scheduler-error.ts";
import type { SeenInput } from "../domain/seen-input.ts";

export interface ObjectLookOptions {
  readonly inputs: InputLooks;
  /**
   * Whether a marker must say that the input is complete. Otherwise two successive checks must find the same entity
   * tags and sizes.
   */
  readonly needsMarker: boolean;
}

/** Longest time of one look, ms. */
const LOOK_MS = 30_000;

/** Returns a function that looks at an input in an object store. Errors of the store are part of its answer. */
export function createObjectLook({ inputs, needsMarker }: ObjectLookOptions) {
  return async (url: string): Promise<SeenInput> => {
    const signal = AbortSignal.timeout(LOOK_MS);
    try {
      const objects = await inputs.look(url, signal);
      const hash = createHash("sha256");
      for (const { key, etag, bytes } of objects) hash.update(`${key}\0${etag}\0${bytes}\n`);
      const reason = needsMarker ? await inputs.missingMarker(url, signal) : null;
      const marked = reason === null ? null : { isWhole: reason === "", reason };
      return { found: true, file: url, fingerprint: hash.digest("hex"), changedMs: null, marked };
    } catch (error) {
      if (error instanceof InputNotFoundError) return { found: false, reason: error.message, isAway: false };
      // Nothing is known about the input, also when access is denied: somebody can grant it before the deadline.
      if (error instanceof InputUnavailableError || error instanceof InputRejectedError)
        return { found: false, reason: error.message, isAway: true };
      if (signal.aborted)
        return { found: false, reason: `the object store did not answer within ${LOOK_MS / 1000} s`, isAway: true };
      throw error;
    }
  };
}
