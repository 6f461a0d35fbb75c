import type { Registry } from "@bellwether/registry/storage/storage-of";
import { readVersion, resolveVersion } from "@bellwether/registry/versions/read-version";
import { versionFingerprint } from "@bellwether/registry/versions/version-fingerprint";
import type { BatchPool } from "@bellwether/scoring/batch/batch-pool";
import { ModelNotReadyError } from "../domain/ml-error.ts";
import { openServedModel, type ServedModel } from "./served-model.ts";

/** Selects the model of a call. Empty fields: the champion of the default model. */
export interface VersionSelector {
  readonly modelName: string;
  readonly modelVersion: string;
}

/** The loaded models. A model is released only when no call uses it any more. */
export interface LoadedModels extends AsyncDisposable {
  /**
   * Runs `use` with the selected model, which stays loaded until `use` ends. @throws ModelNotReadyError,
   * ModelNotFoundError, VersionNotFoundError, …
   */
  withModel<T>(selector: VersionSelector, use: (model: ServedModel) => Promise<T> | T): Promise<T>;
  /**
   * Loads and checks a new champion of the default model, then serves it. The old version is served until
   * then, and also when the new one is rejected.
   */
  refreshChampion(): Promise<"unchanged" | "swapped">;
  /** Returns which version is served, and why it is not the champion. */
  status(): ServingStatus;
}

/** What a replica serves. */
export interface ServingStatus {
  readonly modelName: string;
  /** "" when the alias could not be read. */
  readonly championVersion: string;
  /** The champion version that is loaded and answers calls. Null: no champion is loaded. */
  readonly served: { readonly version: string; readonly modelDigest: string; readonly since: Date } | null;
  /** Why the version of the champion alias is not served. Null: it is served. */
  readonly rejection: Rejection | null;
  /** "model/version" of the other versions that are loaded. */
  readonly others: readonly string[];
}

/** A version that was not loaded. */
export interface Rejection {
  /** "" when the alias could not be read. */
  readonly version: string;
  readonly reason: string;
  readonly at: Date;
}

/** Maximum number of loaded versions besides the champion. */
const MAX_OTHERS = 3;

/** A version that cannot be loaded. It is not tried again while `fingerprint` is unchanged. */
interface RejectedVersion {
  readonly version: string;
  readonly fingerprint: string;
  readonly error: unknown;
}

interface Entry {
  readonly key: string;
  readonly model: ServedModel;
  users: number;
  retired: boolean;
}

/**
 * Creates the loaded models of one registry. A model is loaded only when `refreshChampion` is called or a
 * call selects its version.
 * @param pool Scores the models' batches. It stays open when the loaded models are disposed of.
 */
export function createLoadedModels(
  root: Registry,
  defaultModel: string,
  pool: BatchPool,
  now: () => Date = () => new Date(),
): LoadedModels {
  let champion: Entry | undefined;
  let championVersion = "";
  let servedSince = now();
  let rejected: RejectedVersion | undefined;
  let rejection: Rejection | null = null;
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
  const acquire = async <T>(entry: Entry, use: (model: ServedModel) => Promise<T> | T): Promise<T> => {
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
      // Moves the version to the end of the map: the least recently used version is released first.
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

  /** Loads a version as champion. A rejected version is opened again only when its files change. */
  const takeUp = async (version: string): Promise<"unchanged" | "swapped"> => {
    if (champion?.key === keyOf(defaultModel, version)) return "unchanged";
    const fingerprint = await versionFingerprint(root, defaultModel, version);
    if (rejected?.version === version && rejected.fingerprint === fingerprint) throw rejected.error;
    const next = await load(defaultModel, version).catch((error: unknown) => {
      rejected = { version, fingerprint, error };
      throw error;
    });
    rejected = undefined;
    const before = champion;
    champion = next;
    servedSince = now();
    if (before !== undefined) await retire(before);
    return "swapped";
  };

  return {
    async withModel(selector, use) {
      const name = selector.modelName || defaultModel;
      if (name === defaultModel && (selector.modelVersion === "" || selector.modelVersion === "champion")) {
        if (champion === undefined) throw new ModelNotReadyError(name);
        return acquire(champion, use);
      }
      const version = await resolveVersion(root, name, selector.modelVersion);
      if (champion?.key === keyOf(name, version)) return acquire(champion, use);
      return acquire(await findOther(name, version), use);
    },
    async refreshChampion() {
      championVersion = "";
      try {
        championVersion = await resolveVersion(root, defaultModel, "champion");
        const outcome = await takeUp(championVersion);
        rejection = null;
        return outcome;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (rejection?.version !== championVersion || rejection.reason !== reason)
          rejection = { version: championVersion, reason, at: now() };
        throw error;
      }
    },
    status: () => ({
      modelName: defaultModel,
      championVersion,
      served:
        champion === undefined
          ? null
          : {
              version: champion.model.identity.version,
              modelDigest: champion.model.identity.modelDigest,
              since: servedSince,
            },
      rejection,
      others: [...others.keys()],
    }),
    async [Symbol.asyncDispose]() {
      const loaded = await Promise.allSettled(others.values());
      others.clear();
      for (const entry of loaded) if (entry.status === "fulfilled") await retire(entry.value);
      if (champion !== undefined) await retire(champion);
      champion = undefined;
    },
  };
}
