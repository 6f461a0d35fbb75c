import { ModelLoadsFullError } from "../domain/ml-error.ts";
import type { LoadQueue } from "./load-queue.ts";
import { keyOf, type LoadedVersion } from "./release-version.ts";
import type { ServedModel } from "./served-model.ts";

/** Versions that callers have requested by name, besides those of the aliases. */
export interface RequestedVersions {
  /**
   * Runs `use` with a version. The version is loaded if necessary, and stays loaded until `use` ends. To make space,
   * versions that no call uses are released, least recently used first. A request for a version that the registry
   * does not have does not wait in the queue of loads.
   * @throws VersionNotFoundError, also while the queue is full
   * @throws ModelLoadsFullError when too many loads wait, or all loaded versions are in use; the errors of the loader
   */
  use<T>(modelName: string, version: string, use: (model: ServedModel) => Promise<T> | T): Promise<T>;
  /** Returns "model/version" of the loaded versions. */
  keys(): readonly string[];
  /** Releases all of them. */
  retire(): Promise<void>;
}

export interface RequestedVersionsOptions {
  /** Largest number of versions that are loaded. */
  readonly max: number;
  /** Largest size of their files together, bytes. A version that is alone may be larger. */
  readonly maxBytes: number;
  readonly queue: LoadQueue;
  readonly load: (modelName: string, version: string) => Promise<LoadedVersion>;
  /** Returns the size of the files of a version, bytes. @throws VersionNotFoundError */
  readonly bytesOf: (modelName: string, version: string) => Promise<number>;
}

/** Number of times that a version is loaded for one call. Another load may release it before the call begins. */
const ATTEMPTS = 3;

export function createRequestedVersions(options: RequestedVersionsOptions): RequestedVersions {
  const { max, maxBytes, queue, load, bytesOf } = options;
  /** The least recently used first. */
  const loaded = new Map<string, LoadedVersion>();
  const loading = new Map<string, Promise<void>>();
  const size = (): number => [...loaded.values()].reduce((sum, { bytes }) => sum + bytes, 0);

  const makeRoom = async (bytes: number): Promise<void> => {
    const isFull = (): boolean => loaded.size >= max || (loaded.size > 0 && size() + bytes > maxBytes);
    while (isFull()) {
      const idle = [...loaded].find(([, version]) => !version.isUsed());
      if (idle === undefined) throw new ModelLoadsFullError(`${loaded.size} other versions are loaded and in use`);
      loaded.delete(idle[0]);
      await idle[1].retire();
    }
  };
  const find = (key: string): LoadedVersion | null => {
    const known = loaded.get(key);
    if (known === undefined) return null;
    loaded.delete(key);
    loaded.set(key, known);
    return known;
  };
  const start = async (modelName: string, version: string): Promise<void> => {
    const key = keyOf(modelName, version);
    const work = (async () => {
      const bytes = await bytesOf(modelName, version);
      await queue.run("requested", async () => {
        await makeRoom(bytes);
        loaded.set(key, await load(modelName, version));
      });
    })();
    loading.set(key, work);
    try {
      await work;
    } finally {
      loading.delete(key);
    }
  };
  return {
    async use(modelName, version, use) {
      const key = keyOf(modelName, version);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const known = find(key);
        // A version that is found is in use from here on, so that it is not released meanwhile.
        if (known !== null) return await known.use(use);
        await (loading.get(key) ?? start(modelName, version));
      }
      throw new ModelLoadsFullError("other versions are requested all the time");
    },
    keys: () => [...loaded.keys()],
    async retire() {
      await Promise.allSettled(loading.values());
      const all = [...loaded.values()];
      loaded.clear();
      for (const version of all) await version.retire();
    },
  };
}
