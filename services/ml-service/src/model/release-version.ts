import type { ModelCheck } from "@bellwether/scoring/model/model-check";
import type { ServedModel } from "./served-model.ts";

/** A loaded version with the calls that use it. It is released when it was retired and its last call has ended. */
export interface LoadedVersion {
  /** "model/version". */
  readonly key: string;
  readonly model: ServedModel;
  /** Size of its files, bytes: what is counted against the limit of memory. */
  readonly bytes: number;
  /** The checks that it has passed. */
  readonly checks: readonly ModelCheck[];
  readonly loadedAt: Date;
  /** Whether a call uses it. */
  isUsed(): boolean;
  /** Runs `use` with the model, which stays loaded until `use` ends. */
  use<T>(use: (model: ServedModel) => Promise<T> | T): Promise<T>;
  /** Releases the model as soon as no call uses it any more. It must not be used again. */
  retire(): Promise<void>;
}

export const keyOf = (modelName: string, version: string): string => `${modelName}/${version}`;

export function createLoadedVersion(
  loaded: Pick<LoadedVersion, "key" | "model" | "bytes" | "checks" | "loadedAt">,
): LoadedVersion {
  let users = 0;
  let isRetired = false;
  return {
    ...loaded,
    isUsed: () => users > 0,
    async use(use) {
      users++;
      try {
        return await use(loaded.model);
      } finally {
        users--;
        if (isRetired && users === 0) await loaded.model.release();
      }
    },
    async retire() {
      if (isRetired) return;
      isRetired = true;
      if (users === 0) await loaded.model.release();
    },
  };
}
