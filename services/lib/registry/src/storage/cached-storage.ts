import { setTimeout as pause } from "node:timers/promises";
import { digestOf } from "../files/digest.ts";
import { SIGNATURE_FILE } from "../keys/signature-file.ts";
import { RegistryUnavailableError } from "../registry-error.ts";
import { createContentCache } from "./content-cache.ts";
import { createRecentAnswers } from "./recent-answers.ts";
import type { RegistryFile, RegistryStorage } from "./registry-storage.ts";

export interface CacheOptions {
  /** Folder for copies of files. It can be shared by several processes. */
  readonly folder: string;
  /** Largest size of all copies, bytes. */
  readonly maxBytes: number;
  /** Time for which an answer of the registry is used again, ms. Bounds the number of calls. */
  readonly freshMs: number;
  /** Time after which an older answer is used while the registry has not answered, ms. */
  readonly patienceMs: number;
  readonly now?: () => Date;
}

/** Whether a registry can be read. */
export interface RegistryState {
  /** Why the last access failed, in one line, and since when accesses fail. Null: it succeeded. */
  readonly failure: { readonly reason: string; readonly since: Date } | null;
  /** Why copies cannot be written. Null: they can. */
  readonly cacheFailure: string | null;
}

/** A registry that is read through local copies. */
export interface CachedStorage extends RegistryStorage {
  state(): RegistryState;
  /**
   * Keeps copies even when other files are read, so that a process that starts while the registry does not answer has
   * these copies. A new call replaces the earlier set of kept copies. Kept copies can exceed the size of the cache.
   * @param contents SHA-256 of files, lower-case hex
   * @param files files without a known digest: aliases, manifests, signatures
   */
  pin(contents: readonly string[], files: readonly RegistryFile[]): void;
}

/** Largest number of versions whose fingerprints are remembered. */
const MAX_FINGERPRINTS = 64;

/**
 * Reads a registry through local copies: files with a known digest from a folder, verified; aliases, manifests and lists from the
 * registry, and while it does not answer, as they were last. Writes go to the registry.
 */
export function createCachedStorage(storage: RegistryStorage, options: CacheOptions): CachedStorage {
  const { folder, maxBytes, freshMs, patienceMs, now = () => new Date() } = options;
  const cache = createContentCache(folder, maxBytes);
  const recent = createRecentAnswers(freshMs);
  /** Fingerprints of the versions that were compared last, the oldest first. */
  const fingerprints = new Map<string, string>();
  let failure: RegistryState["failure"] = null;

  const failed = (reason: string): void => {
    failure = { reason, since: failure?.since ?? now() };
  };
  const reach = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      const answer = await call();
      failure = null;
      return answer;
    } catch (error) {
      if (error instanceof RegistryUnavailableError) failed(error.message);
      else failure = null;
      throw error;
    }
  };
  /** Returns a recent answer, else a new one; while the registry is slow or away, the last one. */
  const ask = async <T>(key: string, call: () => Promise<T>, lastKept?: () => Promise<T | null>): Promise<T> => {
    const { answer, last } = recent.ask(key, () => reach(call));
    const fallback = async (): Promise<{ readonly value: T } | null> => {
      if (last !== null) return last;
      const kept = (await lastKept?.()) ?? null;
      return kept === null ? null : { value: kept };
    };
    const slow = new AbortController();
    try {
      const first = await Promise.race([
        answer.then((value) => ({ value })),
        pause(patienceMs, null, { signal: slow.signal, ref: false }).catch(() => null),
      ]);
      if (first !== null) return first.value;
      const older = await fallback();
      if (older === null) return await answer;
      failed(`the model registry has not answered for ${patienceMs / 1_000} s`);
      return older.value;
    } catch (error) {
      if (!(error instanceof RegistryUnavailableError)) throw error;
      const older = await fallback();
      if (older === null) throw error;
      return older.value;
    } finally {
      slow.abort();
    }
  };
  const readSmall = async (file: RegistryFile, maxFileBytes: number): Promise<Uint8Array | null> => {
    const name = storage.placeOf(file);
    const call = async (): Promise<Uint8Array | null> => {
      const bytes = await storage.read(file, { maxBytes: maxFileBytes });
      const before = recent.last<Uint8Array | null>(name);
      const isSame = before !== null && sameBytes(before.value, bytes);
      if (!isSame) await cache.keepLast(name, bytes);
      return bytes;
    };
    return await ask(name, call, () => cache.last(name, maxFileBytes));
  };

  return {
    kind: storage.kind,
    address: storage.address,
    ...(storage.trusted && { trusted: storage.trusted }),
    placeOf: storage.placeOf,
    folders: () => ask("folders", storage.folders),
    namesOf: (modelName) => ask(`names ${modelName}`, () => storage.namesOf(modelName)),
    hasModel: (modelName) => ask(`has ${modelName}`, () => storage.hasModel(modelName)),
    hasFile: (file) => ask(`has ${storage.placeOf(file)}`, () => storage.hasFile(file)),
    async read(file, { maxBytes: maxFileBytes, sha256 }) {
      if (sha256 === undefined) return await readSmall(file, maxFileBytes);
      const copy = await cache.content(sha256, maxFileBytes);
      if (copy !== null) return copy;
      const bytes = await reach(() => storage.read(file, { maxBytes: maxFileBytes, sha256 }));
      if (bytes !== null && (await digestOf(bytes)) === sha256) await cache.keepContent(sha256, bytes);
      return bytes;
    },
    async fingerprint(modelName, version) {
      const key = `${modelName}/${version}`;
      try {
        const found = await reach(() => storage.fingerprint(modelName, version));
        // Manifest and signatures of a version whose files changed are read again, however long that takes.
        if (fingerprints.get(key) !== found)
          for (const name of ["manifest.json", SIGNATURE_FILE]) {
            const place = storage.placeOf([modelName, version, name]);
            recent.forget(place);
            await cache.keepLast(place, null);
          }
        fingerprints.delete(key);
        fingerprints.set(key, found);
        const [oldest] = fingerprints.keys();
        if (fingerprints.size > MAX_FINGERPRINTS && oldest !== undefined) fingerprints.delete(oldest);
        return found;
      } catch (error) {
        if (!(error instanceof RegistryUnavailableError)) throw error;
        return fingerprints.get(key) ?? "unknown";
      }
    },
    createVersion: storage.createVersion,
    remove: storage.remove,
    update: storage.update,
    pin: (contents, files) => cache.pin({ contents, names: files.map((file) => storage.placeOf(file)) }),
    state: () => ({ failure, cacheFailure: cache.failure() }),
  };
}

const sameBytes = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
