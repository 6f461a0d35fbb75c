import { readVersion, resolveVersion } from "@bellwether/registry/read-version";
import type { BatchPool } from "@bellwether/scoring/batch-pool";
import { ModelNotReadyError } from "../domain/ml-error.ts";
import { openServedModel, type ServedModel } from "./served-model.ts";

/** Which model a caller wants; empty fields mean the champion of the default model. */
export interface ModelWish {
  readonly modelName: string;
  readonly modelVersion: string;
}

/** Loaded models, each freed only when nobody uses it any more. */
export interface ModelShelf extends AsyncDisposable {
  /** Runs `use` with the wished model held in memory. @throws ModelNotReadyError, ModelNotFoundError, VersionNotFoundError, … */
  withModel<T>(wish: ModelWish, use: (model: ServedModel) => Promise<T> | T): Promise<T>;
  /** Takes up a new champion of the default model. The old one serves on until the new one is loaded and checked, or for good when it is refused. */
  refreshChampion(): Promise<"unchanged" | "swapped">;
}

/** Versions kept besides the champion when asked for by name. */
const MAX_OTHERS = 3;

interface Entry {
  readonly key: string;
  readonly model: ServedModel;
  users: number;
  retired: boolean;
}

/**
 * A shelf over one registry. Nothing is loaded before `refreshChampion` is called or a version is asked for by name.
 * @param pool Scores the models' batches; it is not closed with the shelf.
 */
export function createModelShelf(root: string, defaultModel: string, pool: BatchPool): ModelShelf {
  let champion: Entry | undefined;
  const others = new Map<string, Promise<Entry>>();
  const keyOf = (name: string, version: string): string => `${name}/${version}`;

  const load = async (name: string, version: string): Promise<Entry> => {
    const model = await openServedModel(await readVersion(root, name, version), pool);
    return { key: keyOf(name, version), model, users: 0, retired: false };
  };
  const retire = async (entry: Entry): Promise<void> => {
    entry.retired = true;
    if (entry.users === 0) await entry.model.release();
  };
  const borrow = async <T>(entry: Entry, use: (model: ServedModel) => Promise<T> | T): Promise<T> => {
    entry.users++;
    try {
      return await use(entry.model);
    } finally {
      entry.users--;
      if (entry.retired && entry.users === 0) await entry.model.release();
    }
  };
  const findOther = (name: string, version: string): Promise<Entry> => {
    const key = keyOf(name, version);
    const known = others.get(key);
    if (known !== undefined) {
      // back of the line: the one asked for longest ago goes first
      others.delete(key);
      others.set(key, known);
      return known;
    }
    const loading = load(name, version);
    others.set(key, loading);
    loading.catch(() => others.delete(key));
    for (const [oldest, entry] of others) {
      if (others.size <= MAX_OTHERS) break;
      others.delete(oldest);
      entry.then(retire, () => undefined);
    }
    return loading;
  };

  return {
    async withModel(wish, use) {
      const name = wish.modelName || defaultModel;
      if (name === defaultModel && (wish.modelVersion === "" || wish.modelVersion === "champion")) {
        if (champion === undefined) throw new ModelNotReadyError(name);
        return borrow(champion, use);
      }
      const version = await resolveVersion(root, name, wish.modelVersion);
      if (champion?.key === keyOf(name, version)) return borrow(champion, use);
      return borrow(await findOther(name, version), use);
    },
    async refreshChampion() {
      const version = await resolveVersion(root, defaultModel, "champion");
      if (champion?.key === keyOf(defaultModel, version)) return "unchanged";
      const next = await load(defaultModel, version);
      const before = champion;
      champion = next;
      if (before !== undefined) await retire(before);
      return "swapped";
    },
    async [Symbol.asyncDispose]() {
      const loaded = await Promise.allSettled(others.values());
      others.clear();
      for (const entry of loaded) if (entry.status === "fulfilled") await retire(entry.value);
      if (champion !== undefined) await retire(champion);
      champion = undefined;
    },
  };
}
