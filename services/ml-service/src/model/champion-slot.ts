import type { Registry } from "@bellwether/registry/storage/storage-of";
import { resolveVersion } from "@bellwether/registry/versions/read-version";
import type { LoadQueue } from "./load-queue.ts";
import type { RejectedVersions, Rejection } from "./rejected-versions.ts";
import { keyOf, type LoadedVersion } from "./release-version.ts";
import type { VersionLoader } from "./version-loader.ts";

/** The champion of one model, loaded. */
export interface ChampionSlot {
  /** Returns the loaded version; null: none was loaded yet. */
  current(): LoadedVersion | null;
  /** Returns the version of the alias at the last refresh; "" when the alias is not set or could not be read. */
  aliasVersion(): string;
  /** Why the version of the alias is not loaded. Null: it is. */
  rejection(): Rejection | null;
  /**
   * Reads the alias and loads its version if it is another one. The loaded version stays until the new one has passed its checks, and
   * also when the new one is rejected. It is released when the last call that uses it has ended.
   * @throws the errors of the registry and of the loader
   */
  refresh(): Promise<"unchanged" | "swapped">;
  /** Waits for the end of the latest refresh, if one runs. Never fails. */
  settled(): Promise<void>;
  retire(): Promise<void>;
}

export interface ChampionSlotDeps {
  readonly registry: Registry;
  readonly modelName: string;
  /** Where the first version is loaded: "here" delays all calls of the process meanwhile, and is faster. */
  readonly firstLoad: "here" | "thread";
  readonly queue: LoadQueue;
  readonly loader: VersionLoader;
  readonly rejected: Pick<RejectedVersions, "get">;
  /** Called when another version is served. */
  readonly swapped: (now: LoadedVersion) => void;
  readonly now: () => Date;
}

export function createChampionSlot(deps: ChampionSlotDeps): ChampionSlot {
  const { registry, modelName, firstLoad, queue, loader, rejected, swapped, now } = deps;
  let current: LoadedVersion | null = null;
  let version = "";
  let rejection: Rejection | null = null;
  let refreshing: Promise<void> = Promise.resolve();

  const replace = async (next: LoadedVersion): Promise<"swapped"> => {
    const before = current;
    current = next;
    swapped(next);
    await before?.retire();
    return "swapped";
  };
  const takeUp = async (): Promise<"unchanged" | "swapped"> => {
    const found = await resolveVersion(registry, modelName, "champion").catch((error: unknown) => {
      version = "";
      throw error;
    });
    version = found;
    if (current?.key === keyOf(modelName, found)) return "unchanged";
    const where = current === null ? firstLoad : "thread";
    return await replace(await queue.run("alias", () => loader.load(modelName, found, where)));
  };
  const refresh = async (): Promise<"unchanged" | "swapped"> => {
    try {
      const outcome = await takeUp();
      rejection = null;
      return outcome;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const known = rejected.get(modelName, version);
      if (known !== null && known.reason === reason) rejection = known;
      else if (rejection?.version !== version || rejection.reason !== reason)
        rejection = { modelName, version, reason, at: now(), checks: [] };
      throw error;
    }
  };
  return {
    current: () => current,
    aliasVersion: () => version,
    rejection: () => rejection,
    refresh() {
      const outcome = refresh();
      refreshing = outcome.then(
        () => {},
        () => {},
      );
      return outcome;
    },
    settled: () => refreshing,
    async retire() {
      if (current !== null) await current.retire();
      current = null;
    },
  };
}
