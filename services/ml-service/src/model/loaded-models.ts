import { ALIAS_NAMES } from "@bellwether/registry/aliases/alias-file";
import { aliasVersion, readAliases } from "@bellwether/registry/aliases/aliases";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import { readManifest, resolveVersion } from "@bellwether/registry/versions/read-version";
import type { BatchPool } from "@bellwether/scoring/batch/batch-pool";
import type { ModelCheck } from "@bellwether/scoring/model/model-check";
import type { ModelChecker } from "@bellwether/scoring/model/model-checker";
import type { GateOptions } from "@bellwether/scoring/model/scoring-model";
import { ModelNotConfiguredError, ModelNotReadyError, VersionNotAllowedError } from "../domain/ml-error.ts";
import { type ChampionSlot, createChampionSlot } from "./champion-slot.ts";
import { createLoadQueue } from "./load-queue.ts";
import { createRejectedVersions, type Rejection } from "./rejected-versions.ts";
import { keyOf, type LoadedVersion } from "./release-version.ts";
import { createRequestedVersions } from "./requested-versions.ts";
import type { ServedModel } from "./served-model.ts";
import { createVersionLoader, sizeOf } from "./version-loader.ts";

/** Selects the model of a call. Empty fields: the champion of the default model. */
export interface VersionSelector {
  readonly modelName: string;
  readonly modelVersion: string;
  /** Whether the caller may use versions that no alias points at. */
  readonly anyVersion: boolean;
}

/** The loaded models. A model is released only when no call uses it any more. */
export interface LoadedModels extends AsyncDisposable {
  /**
   * Runs `use` with the selected model, which stays loaded until `use` ends. @throws ModelNotReadyError,
   * ModelNotFoundError, VersionNotFoundError, VersionNotAllowedError, ModelLoadsFullError, ModelRejectedError, …
   */
  withModel<T>(selector: VersionSelector, use: (model: ServedModel) => Promise<T> | T): Promise<T>;
  /**
   * Loads and checks a new champion of a configured model, then serves it. The old version is served until then, and
   * also when the new one is rejected.
   * @param modelName default: the default model
   */
  refreshChampion(modelName?: string): Promise<"unchanged" | "swapped">;
  /**
   * Returns which version of a configured model is served, and why that of the alias is not.
   * @param modelName default: the default model
   * @throws ModelNotConfiguredError
   */
  status(modelName?: string): ServingStatus;
  /** The configured models: the default one, then the further ones. */
  readonly modelNames: readonly string[];
}

/** A version that answers calls. */
export interface ServedVersion {
  readonly version: string;
  readonly modelDigest: string;
  readonly since: Date;
  /** The checks that it has passed. */
  readonly checks: readonly ModelCheck[];
}

/** What a replica serves of one model. */
export interface ServingStatus {
  readonly modelName: string;
  /** "" when the alias could not be read. */
  readonly championVersion: string;
  /** The champion version that is loaded and answers calls. Null: no champion is loaded. */
  readonly served: ServedVersion | null;
  /** Why the version of the champion alias is not served. Null: it is served. */
  readonly rejection: Rejection | null;
  /** Versions that this process has rejected, also requested ones, the newest last. */
  readonly rejections: readonly Rejection[];
  /** "model/version" of the other versions that are loaded. */
  readonly others: readonly string[];
}

export interface LoadedModelsOptions {
  /** Scores the models' batches. It stays open when the loaded models are disposed of. */
  readonly pool: BatchPool;
  /** Checks versions outside the calling thread. It stays open too. */
  readonly checker: Pick<ModelChecker, "prepare">;
  /** What the checker checks. Default: without a contract, with the default limits. */
  readonly gate?: GateOptions;
  /** Largest model.onnx that is opened, bytes. Default: not limited. */
  readonly maxModelBytes?: number;
  /** Names of the further models whose champions stay loaded, as that of the default model. Default: none. */
  readonly furtherModels?: readonly string[];
  readonly now?: () => Date;
}

/** Largest number of loaded versions besides the champions. */
const MAX_OTHERS = 3;
/** Largest size of their files together, bytes. */
const MAX_OTHER_BYTES = 128 * 2 ** 20;
/** Largest number of requested loads that wait. */
const MAX_WAITING = 8;

/**
 * Creates the loaded models of one registry. A model is loaded only when an alias is refreshed or a call selects its version; one at a
 * time.
 */
export function createLoadedModels(
  registry: Registry,
  defaultModel: string,
  options: LoadedModelsOptions,
): LoadedModels {
  const { pool, checker, gate = {}, maxModelBytes = Number.POSITIVE_INFINITY, now = () => new Date() } = options;
  const modelNames = [...new Set([defaultModel, ...(options.furtherModels ?? [])])];
  const rejected = createRejectedVersions();
  const loader = createVersionLoader({ registry, pool, checker, gate, rejected, maxModelBytes, now });
  const queue = createLoadQueue(MAX_WAITING);
  const servedSince = new WeakMap<LoadedVersion, Date>();
  const swapped = (version: LoadedVersion): void => void servedSince.set(version, now());
  const deps = { registry, queue, loader, rejected, swapped, now };
  const slots = new Map<string, ChampionSlot>(
    modelNames.map((modelName) => {
      // Before the first version of the default model, there are no calls to delay.
      const firstLoad = modelName === defaultModel ? "here" : "thread";
      return [modelName, createChampionSlot({ ...deps, modelName, firstLoad })];
    }),
  );
  const slotOf = (modelName: string): ChampionSlot => {
    const slot = slots.get(modelName);
    if (slot === undefined) throw new ModelNotConfiguredError(modelName, modelNames);
    return slot;
  };
  const requested = createRequestedVersions({
    max: MAX_OTHERS,
    maxBytes: MAX_OTHER_BYTES,
    queue,
    load: (modelName, version) => loader.load(modelName, version, "thread"),
    bytesOf: async (modelName, version) => sizeOf(await readManifest(registry, modelName, version)),
  });

  const servedOf = (loaded: LoadedVersion | null): ServedVersion | null =>
    loaded && {
      version: loaded.model.identity.version,
      modelDigest: loaded.model.identity.modelDigest,
      since: servedSince.get(loaded) ?? loaded.loadedAt,
      checks: loaded.checks,
    };
  const checkAllowed = async (modelName: string, version: string): Promise<void> => {
    const aliases = await readAliases(registry, modelName);
    if (!ALIAS_NAMES.some((alias) => aliasVersion(aliases, alias) === version))
      throw new VersionNotAllowedError(modelName, version);
  };

  return {
    async withModel({ modelName, modelVersion, anyVersion }, use) {
      const name = modelName || defaultModel;
      const champion = slots.get(name);
      if (champion !== undefined && (modelVersion === "" || modelVersion === "champion")) {
        // A further model may be added while the service runs: its first champion is loaded at the next refresh.
        if (name !== defaultModel && champion.current() === null) await champion.settled();
        const serving = champion.current();
        if (serving !== null) return await serving.use(use);
        if (name === defaultModel) throw new ModelNotReadyError(name);
      }
      const version = await resolveVersion(registry, name, modelVersion);
      const serving = champion?.current() ?? null;
      if (serving?.key === keyOf(name, version)) return await serving.use(use);
      // The version of an alias was just resolved; a version that is named is looked up.
      if (!anyVersion && version === modelVersion) await checkAllowed(name, version);
      return await requested.use(name, version, use);
    },
    modelNames,
    refreshChampion: async (modelName = defaultModel) => await slotOf(modelName).refresh(),
    status(modelName = defaultModel) {
      const champion = slotOf(modelName);
      return {
        modelName,
        championVersion: champion.aliasVersion(),
        served: servedOf(champion.current()),
        rejection: champion.rejection(),
        rejections: rejected.list(),
        others: requested.keys(),
      };
    },
    async [Symbol.asyncDispose]() {
      await requested.retire();
      for (const slot of slots.values()) await slot.retire();
    },
  };
}
