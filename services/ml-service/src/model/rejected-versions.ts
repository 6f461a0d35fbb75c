import type { ModelCheck } from "@bellwether/scoring/model/model-check";

/** A version, or an alias, that was not loaded. */
export interface Rejection {
  readonly modelName: string;
  /** "" when the alias could not be read. */
  readonly version: string;
  readonly reason: string;
  readonly at: Date;
  /** The checks that were made; the last one has failed. Empty: the version or the alias could not be read. */
  readonly checks: readonly ModelCheck[];
}

/** The versions that this process has rejected. They are not opened again while their files are unchanged. */
export interface RejectedVersions {
  /** Records a rejection. @param fingerprint of the files that were rejected; null: they are tried again at once */
  add(rejection: Rejection, fingerprint: string | null, error: unknown): void;
  /** Returns the error of a version with the same files; null: it was not rejected, or its files have changed. */
  find(modelName: string, version: string, fingerprint: string): { readonly error: unknown } | null;
  /** Returns the rejection of a version; null: it was not rejected. */
  get(modelName: string, version: string): Rejection | null;
  remove(modelName: string, version: string): void;
  /** Returns all rejections, the newest last. */
  list(): readonly Rejection[];
}

/** Maximum number of rejections; the oldest is forgotten first. */
const MAX_REJECTIONS = 64;

export function createRejectedVersions(): RejectedVersions {
  const rejected = new Map<string, { rejection: Rejection; fingerprint: string | null; error: unknown }>();
  const keyOf = (modelName: string, version: string): string => `${modelName}/${version}`;
  return {
    add(rejection, fingerprint, error) {
      const key = keyOf(rejection.modelName, rejection.version);
      const before = rejected.get(key)?.rejection;
      // The same reason again is the same rejection: its time is that of the first attempt.
      const kept = before?.reason === rejection.reason ? before : rejection;
      rejected.delete(key);
      rejected.set(key, { rejection: kept, fingerprint, error });
      for (const oldest of rejected.keys()) {
        if (rejected.size <= MAX_REJECTIONS) break;
        rejected.delete(oldest);
      }
    },
    find(modelName, version, fingerprint) {
      const known = rejected.get(keyOf(modelName, version));
      return known?.fingerprint === fingerprint ? { error: known.error } : null;
    },
    get: (modelName, version) => rejected.get(keyOf(modelName, version))?.rejection ?? null,
    remove: (modelName, version) => void rejected.delete(keyOf(modelName, version)),
    list: () => [...rejected.values()].map(({ rejection }) => rejection),
  };
}
