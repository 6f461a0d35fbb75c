import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { downloadObject } from "@bellwether/object-store/download-object";
import { checkKey } from "@bellwether/object-store/location/object-key";
import { isStoreUrl, parseStoreUrl, type StoreLocation } from "@bellwether/object-store/location/store-url";
import type { ObjectStore } from "@bellwether/object-store/object-store";
import { ObjectChangedError, ObjectNotFoundError } from "@bellwether/object-store/store-error";
import { hasSameObjects, type InputLooks, type InputObject } from "../domain/input-object.ts";
import {
  InputChangedError,
  InputNotFoundError,
  InputRejectedError,
  InputUnavailableError,
} from "../domain/scheduler-error.ts";
import { inputErrorOf } from "./input-error.ts";

export interface InputObjectsOptions {
  /** Folder for the local copies. It has nothing else. */
  readonly folder: string;
  /** Opens the store of a bucket or container. */
  readonly openStore: (location: StoreLocation) => Promise<ObjectStore>;
  /** Largest size of all objects of an input together, bytes. */
  readonly maxBytes: number;
  /** Longest time in which an input is copied, ms. */
  readonly readMs: number;
}

/** Weekly inputs in object stores. All functions throw InputNotFoundError, InputUnavailableError, InputRejectedError. */
export interface InputObjects extends InputLooks, Disposable {
  /**
   * Returns the path of a local file or folder with the present content of the input. The input is copied unless the
   * kept copy has the same entity tags. An input that is a local path is returned unchanged.
   * @throws InputChangedError when the objects change again and again, NodeJS.ErrnoException
   */
  refresh(input: string, signal?: AbortSignal): Promise<string>;
  /** Returns the path of the kept copy, without asking the object store. Without a copy: the same as `refresh`. */
  localPath(input: string, signal?: AbortSignal): Promise<string>;
  /** Returns the objects of the local copy. Empty for an input that is a local path. */
  copied(input: string): readonly InputObject[];
  /** Removes the local copy. */
  release(input: string): Promise<void>;
}

/** Maximum number of objects of an input. */
const MAX_OBJECTS = 1_000;
/** Maximum number of times that an input is copied, when its objects change during the copy. */
const MAX_COPIES = 3;
/** Age, ms, from which on a copy must be that of a killed process: no copy takes so long. */
const OLD_COPY_MS = 24 * 3_600_000;

interface LocalCopy {
  readonly folder: string;
  readonly path: string;
  readonly objects: readonly InputObject[];
}

/**
 * Copies weekly inputs from object stores to the local disk, where the ingest reads them. Only the newest copy is kept.
 * A run that is tried again reads this copy, and not the object store.
 */
export function createInputObjects(options: InputObjectsOptions): InputObjects {
  const { folder, openStore, maxBytes, readMs } = options;
  const stores = new Map<string, Promise<ObjectStore>>();
  const copies = new Map<string, LocalCopy>();

  const storeOf = (location: StoreLocation): Promise<ObjectStore> => {
    const whole = wholeStore(location);
    const name = whole.address + whole.query;
    const known = stores.get(name) ?? openStore(whole);
    stores.set(name, known);
    // A store that could not be opened is opened again.
    known.catch(() => stores.delete(name));
    return known;
  };
  const removeCopy = async (input: string): Promise<void> => {
    const copy = copies.get(input);
    copies.delete(input);
    if (copy) await rm(copy.folder, { recursive: true, force: true });
  };

  async function look(input: string, signal?: AbortSignal): Promise<readonly InputObject[]> {
    if (!isStoreUrl(input)) return [];
    try {
      const { location, isFolder } = parseInput(input);
      const store = await storeOf(location);
      if (!isFolder) {
        const found = await headOrNull(store, location.path, signal);
        if (found !== null) return [found];
      }
      return await listObjects(store, location, signal);
    } catch (error) {
      throw inputErrorOf(error, input);
    }
  }

  async function missingMarker(input: string, signal?: AbortSignal): Promise<string> {
    const objects = await look(input, signal);
    try {
      const { location } = parseInput(input);
      const store = await storeOf(location);
      const times = await Promise.all(objects.map(({ key }) => modifiedMs(store, key, signal)));
      const newestMs = Math.max(...times.map((time) => time ?? 0));
      const isSingle = objects.length === 1 && objects[0]?.key === location.path;
      const prefix = location.path === "" ? "" : `${location.path}/`;
      const markers = [
        ...(location.path === "" ? [] : [`${location.path}.done`]),
        ...(isSingle ? [] : [`${prefix}_SUCCESS`]),
      ];
      const found = await Promise.all(markers.map((key) => modifiedMs(store, key, signal)));
      if (found.some((time) => time !== null && time >= newestMs)) return "";
      const shown = markers.map((key) => path.basename(key)).join(" or ");
      return found.every((time) => time === null)
        ? `${location.address} is there, but ${shown} is not`
        : `${shown} is older than ${location.address}`;
    } catch (error) {
      throw inputErrorOf(error, input);
    }
  }

  async function copy(input: string, objects: readonly InputObject[], signal: AbortSignal): Promise<LocalCopy> {
    const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
    if (bytes > maxBytes)
      throw new InputRejectedError(
        `${parseInput(input).location.address} has ${bytes} bytes, at most ${maxBytes} are read; raise WEEKLY_INPUT_MAX_BYTES`,
      );
    const { location } = parseInput(input);
    const store = await storeOf(location);
    const target = path.join(folder, randomUUID());
    const root = path.join(target, "files");
    try {
      const isSingle = objects.length === 1 && objects[0]?.key === location.path;
      for (const { key, etag } of objects) {
        const file = path.join(root, isSingle ? path.basename(key) : checkKey(belowPrefix(key, location.path)));
        await mkdir(path.dirname(file), { recursive: true });
        await downloadObject({ store, key, etag, file, signal });
      }
      const only = objects[0]?.key ?? "";
      return { folder: target, path: isSingle ? path.join(root, path.basename(only)) : root, objects };
    } catch (error) {
      await rm(target, { recursive: true, force: true });
      throw error;
    }
  }

  async function refresh(input: string, signal?: AbortSignal): Promise<string> {
    if (!isStoreUrl(input)) return input;
    const late = AbortSignal.timeout(readMs);
    const both = signal ? AbortSignal.any([signal, late]) : late;
    try {
      for (let attempt = 1; attempt <= MAX_COPIES; attempt++) {
        const objects = await look(input, both);
        const known = copies.get(input);
        if (known && hasSameObjects(known.objects, objects)) return known.path;
        for (const other of copies.keys()) await removeCopy(other);
        const made = await copy(input, objects, both).catch((error: unknown) => {
          if (error instanceof ObjectChangedError || error instanceof ObjectNotFoundError) return null;
          throw error;
        });
        if (made === null) continue;
        copies.set(input, made);
        // One object was read with its entity tag. Of several, others may have been added or replaced meanwhile.
        if (objects.length === 1 || hasSameObjects(await look(input, both), objects)) return made.path;
      }
      throw new InputChangedError(input);
    } catch (error) {
      if (late.aborted && !signal?.aborted)
        throw new InputUnavailableError(
          `${parseInput(input).location.address} was not read within ${readMs / 1000} s (WEEKLY_INPUT_TIMEOUT)`,
        );
      throw inputErrorOf(error, input);
    }
  }

  return {
    look,
    missingMarker,
    refresh,
    localPath: async (input, signal) => copies.get(input)?.path ?? (await refresh(input, signal)),
    copied: (input) => copies.get(input)?.objects ?? [],
    release: removeCopy,
    [Symbol.dispose]() {
      for (const copy of copies.values()) rmSync(copy.folder, { recursive: true, force: true });
      for (const store of stores.values()) store.then((opened) => opened[Symbol.asyncDispose]()).catch(() => undefined);
    },
  };
}

/** Removes copies that killed processes have left. Returns their number. */
export async function sweepInputCopies(folder: string, nowMs: number): Promise<number> {
  let removed = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    const copy = path.join(folder, name);
    const found = await stat(copy).catch(() => null);
    if (found === null || nowMs - found.mtimeMs < OLD_COPY_MS) continue;
    await rm(copy, { recursive: true, force: true });
    removed++;
  }
  return removed;
}

/** Reads the URL of an input. With "/" at its end, or without a key, it is a folder of objects. */
function parseInput(input: string): { readonly location: StoreLocation; readonly isFolder: boolean } {
  const location = parseStoreUrl(input);
  const isFolder = location.path === "" || (input.split("?", 1)[0] ?? "").endsWith("/");
  return { location, isFolder };
}

/** The bucket or container of a location. */
function wholeStore(location: StoreLocation): StoreLocation {
  const cut = location.path === "" ? 0 : location.path.length + 1;
  return { ...location, path: "", address: location.address.slice(0, location.address.length - cut) };
}

async function headOrNull(store: ObjectStore, key: string, signal?: AbortSignal): Promise<InputObject | null> {
  try {
    const { etag, bytes } = await store.head(key, signal && { signal });
    return { key, etag, bytes };
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return null;
    throw error;
  }
}

/** Returns when an object was stored, milliseconds since 1970. Null: it does not exist. */
async function modifiedMs(store: ObjectStore, key: string, signal?: AbortSignal): Promise<number | null> {
  try {
    return (await store.head(key, signal && { signal })).modifiedAt?.getTime() ?? 0;
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return null;
    throw error;
  }
}

/**
 * Lists the objects of a folder. Names that begin with "." or "_" are markers and drafts of other programs, and are left out.
 * @throws InputNotFoundError, InputRejectedError
 */
async function listObjects(store: ObjectStore, location: StoreLocation, signal?: AbortSignal): Promise<InputObject[]> {
  const objects: InputObject[] = [];
  const prefix = location.path === "" ? "" : `${location.path}/`;
  for await (const { key, etag, bytes } of store.list(prefix, signal && { signal })) {
    if (
      belowPrefix(key, location.path)
        .split("/")
        .some((name) => /^[._]/.test(name))
    )
      continue;
    objects.push({ key, etag, bytes });
    if (objects.length > MAX_OBJECTS)
      throw new InputRejectedError(
        `${location.address}/ has more than ${MAX_OBJECTS} objects; name a folder with fewer`,
      );
  }
  if (objects.length === 0) throw new InputNotFoundError(location.address);
  return objects;
}

const belowPrefix = (key: string, prefix: string): string => key.slice(prefix === "" ? 0 : prefix.length + 1);
