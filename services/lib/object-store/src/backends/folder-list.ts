import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { RESERVED_NAME } from "../location/object-key.ts";

/** Compares two keys by the bytes of their UTF-8, as S3 and Azure order them. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * Yields the keys of the regular files below a folder that begin with `prefix` and come after `after`, in the order of keys. Links
 * are not followed.
 */
export async function* keysBelow(
  root: string,
  prefix: string,
  after: string | null,
  signal: AbortSignal,
): AsyncGenerator<string, void, void> {
  yield* keysIn(root, prefix.slice(0, prefix.lastIndexOf("/") + 1), { prefix, after, signal });
}

/** Returns the prefixes of the folders in a folder that have a regular file, each with "/" at its end, in the order of keys. */
export async function foldersIn(root: string, folder: string, signal: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await entriesOf(path.join(root, folder))) {
    if (!entry.isDirectory() || entry.name === RESERVED_NAME) continue;
    const prefix = `${folder}${entry.name}/`;
    const { done } = await keysIn(root, prefix, { prefix, after: null, signal }).next();
    if (!done) found.push(prefix);
  }
  return found.sort(compareKeys);
}

interface Wanted {
  readonly prefix: string;
  readonly after: string | null;
  readonly signal: AbortSignal;
}

/** @param folder key of the folder, with "/" at its end; empty: the root */
async function* keysIn(root: string, folder: string, wanted: Wanted): AsyncGenerator<string, void, void> {
  const { prefix, after, signal } = wanted;
  signal.throwIfAborted();
  const entries = (await entriesOf(path.join(root, folder)))
    .filter((entry) => entry.name !== RESERVED_NAME && (entry.isFile() || entry.isDirectory()))
    .map((entry) => ({ isFolder: entry.isDirectory(), key: `${folder}${entry.name}${entry.isDirectory() ? "/" : ""}` }))
    .sort((a, b) => compareKeys(a.key, b.key));
  for (const { key, isFolder } of entries) {
    if (!key.startsWith(prefix) && !(isFolder && prefix.startsWith(key))) continue;
    if (!isFolder) {
      if (after === null || compareKeys(key, after) > 0) yield key;
    } else if (after === null || after.startsWith(key) || compareKeys(key, after) > 0) yield* keysIn(root, key, wanted);
  }
}

const entriesOf = (folder: string): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  });
