import type { ObjectInfo, ObjectStore, PutOptions } from "@bellwether/object-store/object-store";
import {
  isObjectStoreError,
  ObjectChangedError,
  ObjectConditionError,
  ObjectNotFoundError,
} from "@bellwether/object-store/store-error";
import { MAX_MANIFEST_BYTES, modelFolder, versionFolder } from "../layout.ts";
import { ModelCorruptError, RegistryBusyError, RegistryUnavailableError } from "../registry-error.ts";
import { nextVersion } from "./next-version.ts";
import type { NewFile, RegistryFile, RegistryStorage } from "./registry-storage.ts";
import { hasSameModel } from "./same-model.ts";

/** Number of attempts of a change when other writers are faster. */
const UPDATES = 10;
/** Largest number of files whose content is remembered with its entity tag, and their largest size, bytes. */
const MAX_REMEMBERED = 32;
const MAX_REMEMBERED_BYTES = 2 ** 20;
/** Number of readings of a file that is replaced meanwhile. */
const READINGS = 4;

/**
 * A registry in an object store. The first file of a version claims its number by a conditional write, and its manifest is written
 * last: a version without a manifest does not exist for readers. Files that change are replaced by conditional writes.
 * @param open returns the store; it is called with the first access, and again only after it has failed
 * @param address the registry for messages, without a query
 */
export function createStoreStorage(address: string, open: () => Promise<ObjectStore>): RegistryStorage {
  let opening: Promise<ObjectStore> | undefined;
  const withStore = async <T>(use: (store: ObjectStore) => Promise<T>): Promise<T> => {
    try {
      opening ??= open();
      return await use(await opening.catch(reopen));
    } catch (error) {
      throw isObjectStoreError(error) ? new RegistryUnavailableError(error) : error;
    }
  };
  const reopen = (error: unknown): never => {
    opening = undefined;
    throw error;
  };
  /** Content of the files that were read last, by key, the oldest first. */
  const unchanged = new Map<string, { readonly etag: string; readonly bytes: Uint8Array }>();
  const remember = (key: string, { info, bytes }: { readonly info: ObjectInfo; readonly bytes: Uint8Array }): void => {
    unchanged.delete(key);
    if (bytes.length > MAX_REMEMBERED_BYTES) return;
    unchanged.set(key, { etag: info.etag, bytes });
    const [oldest] = unchanged.keys();
    if (unchanged.size > MAX_REMEMBERED && oldest !== undefined) unchanged.delete(oldest);
  };
  const placeOf = (file: RegistryFile): string => `${address}/${keyOf(file)}`;
  const namesOf = (store: ObjectStore, modelName: string): Promise<string[]> =>
    Array.fromAsync(store.folders(`${checked(modelName)}/`));
  const hasModel = async (store: ObjectStore, modelName: string): Promise<boolean> => {
    for await (const _ of store.list(`${checked(modelName)}/`)) return true;
    return false;
  };

  return {
    kind: "store",
    address,
    placeOf,
    folders: () => withStore((store) => Array.fromAsync(store.folders(""))),
    namesOf: (modelName) =>
      withStore(async (store) => {
        const names = await namesOf(store, modelName);
        return names.length > 0 || (await hasModel(store, modelName)) ? names : null;
      }),
    hasModel: (modelName) => withStore((store) => hasModel(store, modelName)),
    hasFile: (file) => withStore(async (store) => (await orNull(store.head(keyOf(file)))) !== null),
    read: (file, { maxBytes, sha256 }) =>
      withStore(async (store) => {
        // Files that can change are read again and again; their content is transferred only when it has changed.
        const known = sha256 === undefined ? unchanged.get(keyOf(file)) : undefined;
        if (known !== undefined && (await orNull(store.head(keyOf(file))))?.etag === known.etag) return known.bytes;
        const found = await readWhole(store, file, maxBytes, placeOf(file));
        if (found !== null && sha256 === undefined) remember(keyOf(file), found);
        return found?.bytes ?? null;
      }),
    fingerprint: (modelName, version) =>
      withStore(async (store) => {
        const files: string[] = [];
        for await (const { key, etag, bytes } of store.list(`${versionFolder("", modelName, version)}/`))
          files.push(`${key}:${etag}:${bytes}`);
        return files.join(" ");
      }),
    createVersion: (modelName, filesOf, isSame) =>
      withStore(async (store) => {
        const readManifest = async (version: string): Promise<Uint8Array | null> => {
          const file: RegistryFile = [modelName, version, "manifest.json"];
          return (await readWhole(store, file, MAX_MANIFEST_BYTES, placeOf(file)))?.bytes ?? null;
        };
        for (let after = 0; ; ) {
          const { version, number } = nextVersion(modelName, await namesOf(store, modelName), after);
          const hasSame = async (): Promise<boolean> =>
            isSame !== undefined && (await hasSameModel(store, { modelName, version, readManifest }, isSame));
          const outcome = await createFiles(store, [modelName, version], filesOf(version), hasSame);
          if (outcome !== "taken") return outcome === "created" ? version : null;
          after = number;
        }
      }),
    remove: (file) => withStore((store) => store.delete(keyOf(file))),
    update: (file, maxBytes, change) =>
      withStore(async (store) => {
        for (let attempt = 0; attempt < UPDATES; attempt++) {
          const found = await readWhole(store, file, maxBytes, placeOf(file));
          const { text, result } = change(found === null ? null : Buffer.from(found.bytes).toString("utf8"));
          if (text === null) return result;
          const condition = found === null ? ({ absent: true } as const) : { etag: found.info.etag };
          if (await putIf(store, keyOf(file), Buffer.from(text), { condition, contentType: "application/json" }))
            return result;
        }
        throw new RegistryBusyError(`${placeOf(file)} was replaced ${UPDATES} times by other writers`);
      }),
  };
}

/** Returns the key of a file. @throws RegistryNameError */
function keyOf(file: RegistryFile): string {
  return file.length === 2 ? `${checked(file[0])}/${file[1]}` : `${versionFolder("", file[0], file[1])}/${file[2]}`;
}

/** Returns a model's name. @throws RegistryNameError */
const checked = (modelName: string): string => modelFolder("", modelName);

/**
 * Writes the files of a version one after the other, each only if its key is free.
 * @param hasSame called before the manifest is written: whether another version has the same model
 * @returns "taken" when another publisher has the version; "same" when another version has the same model, and nothing was stored
 */
async function createFiles(
  store: ObjectStore,
  [modelName, version]: readonly [string, string],
  files: readonly NewFile[],
  hasSame: () => Promise<boolean>,
): Promise<"created" | "taken" | "same"> {
  const written: ObjectInfo[] = [];
  const removeWritten = async (): Promise<void> => {
    for (const { key, etag } of written) await store.delete(key, { condition: { etag } }).catch(() => undefined);
  };
  let isLast = false;
  try {
    for (const [at, { name, bytes }] of files.entries()) {
      if (at === files.length - 1 && (await hasSame())) {
        await removeWritten();
        return "same";
      }
      isLast = at === files.length - 1;
      const key = keyOf([modelName, version, name]);
      const contentType = name.endsWith(".json") ? "application/json" : "application/octet-stream";
      const info = await putIf(store, key, bytes, { condition: { absent: true }, contentType });
      // The claim of the number failed, or another program writes into the version: the next number is tried.
      if (info === null) return "taken";
      written.push(info);
    }
    return "created";
  } catch (error) {
    // After a failed write of the manifest nobody knows whether it was stored: then the files stay.
    if (!isLast) await removeWritten();
    throw error;
  }
}

/** Stores an object if its condition holds. @returns null when it does not */
async function putIf(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  options: PutOptions,
): Promise<ObjectInfo | null> {
  try {
    return await store.put(key, bytes, options);
  } catch (error) {
    // An object that should be replaced can be gone.
    if (error instanceof ObjectConditionError || error instanceof ObjectNotFoundError) return null;
    throw error;
  }
}

async function readWhole(
  store: ObjectStore,
  file: RegistryFile,
  maxBytes: number,
  place: string,
): Promise<{ readonly bytes: Uint8Array; readonly info: ObjectInfo } | null> {
  for (let reading = 1; ; reading++) {
    try {
      const found = await orNull(store.get(keyOf(file)));
      if (found === null) return null;
      const { info, chunks } = found;
      if (info.bytes > maxBytes) {
        await chunks[Symbol.asyncIterator]().return?.();
        throw new ModelCorruptError(place, `has ${info.bytes} bytes, at most ${maxBytes} are read`, { check: "size" });
      }
      return { info, bytes: await collect(chunks, info.bytes, place) };
    } catch (error) {
      if (!(error instanceof ObjectChangedError) || reading === READINGS) throw error;
    }
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>, size: number, place: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of chunks) {
    // A store that sends more than it has announced ends the reading here.
    if (at + chunk.length > size)
      throw new ModelCorruptError(place, `has more than the ${size} bytes that it announced`);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (at !== size) throw new ModelCorruptError(place, `has ${at} of the ${size} bytes that it announced`);
  return bytes;
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return null;
    throw error;
  }
}
