import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { replaceFile } from "@bellwether/files/durable-write";
import { readPlainFile } from "@bellwether/files/plain-file";
import { digestOf } from "../files/digest.ts";

/** Files of a registry in a local folder, at most `maxBytes` together. The files that were not used for the longest time go first. */
export interface ContentCache {
  /** Returns the content with a digest; null when it is not there, or a file was changed. */
  content(sha256: string, maxBytes: number): Promise<Uint8Array | null>;
  /** Stores a content under its digest. */
  keepContent(sha256: string, bytes: Uint8Array): Promise<void>;
  /** Returns what was last kept under a name; null: nothing. */
  last(name: string, maxBytes: number): Promise<Uint8Array | null>;
  /** Replaces what is kept under a name; null removes it. */
  keepLast(name: string, bytes: Uint8Array | null): Promise<void>;
  /** Replaces what is never removed to make room: contents by digest, and what is kept under names. */
  pin(kept: { readonly contents: readonly string[]; readonly names: readonly string[] }): void;
  /** Returns why the folder cannot be written; null: the last write succeeded. */
  failure(): string | null;
}

/** Returns SHA-256 of a text, lower-case hex. */
const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * Creates a cache. A file is written as a draft and renamed, so that several processes can share the folder. A folder that cannot be
 * written or read is a cache without content: nothing fails because of it.
 * @param folder is created with the first write
 */
export function createContentCache(folder: string, maxBytes: number): ContentCache {
  const pathOf = (kind: "content" | "last", name: string): string => path.join(folder, kind, name);
  let failure: string | null = null;
  let pinned: ReadonlySet<string> = new Set();
  const write = async (file: string, bytes: Uint8Array): Promise<void> => {
    if (bytes.length > maxBytes) return;
    try {
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      await replaceFile(file, bytes);
      await removeOldest(folder, maxBytes, (other) => other === file || pinned.has(other));
      failure = null;
    } catch (error) {
      failure = `the cache ${folder} cannot be written (${codeOf(error)})`;
    }
  };
  const read = (file: string, limit: number): Promise<Uint8Array | null> =>
    readPlainFile(file, limit).catch(() => null);
  return {
    failure: () => failure,
    pin({ contents, names }) {
      const files = [
        ...contents.map((sha256) => pathOf("content", sha256)),
        ...names.map((name) => pathOf("last", sha256Of(name))),
      ];
      pinned = new Set(files);
    },
    async content(sha256, limit) {
      const file = pathOf("content", sha256);
      const bytes = await read(file, limit);
      if (bytes === null) return null;
      if ((await digestOf(bytes)) !== sha256) {
        await rm(file, { force: true }).catch(() => undefined);
        return null;
      }
      const now = new Date();
      await utimes(file, now, now).catch(() => undefined);
      return bytes;
    },
    keepContent: (sha256, bytes) => write(pathOf("content", sha256), bytes),
    last: (name, limit) => read(pathOf("last", sha256Of(name)), limit),
    async keepLast(name, bytes) {
      const file = pathOf("last", sha256Of(name));
      if (bytes !== null) return await write(file, bytes);
      await rm(file, { force: true }).catch(() => undefined);
    },
  };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown error";

/** Removes the files that were used least recently, until all have at most `maxBytes`. Files of which `isKept` is true stay. */
async function removeOldest(folder: string, maxBytes: number, isKept: (file: string) => boolean): Promise<void> {
  const files: { readonly file: string; readonly bytes: number; readonly usedMs: number }[] = [];
  for (const kind of ["content", "last"])
    for (const name of await readdir(path.join(folder, kind)).catch(() => [])) {
      const file = path.join(folder, kind, name);
      const found = await stat(file).catch(() => null);
      if (found !== null) files.push({ file, bytes: found.size, usedMs: found.mtimeMs });
    }
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { file, bytes } of files.sort((a, b) => a.usedMs - b.usedMs)) {
    if (total <= maxBytes) return;
    if (isKept(file)) continue;
    await rm(file, { force: true });
    total -= bytes;
  }
}
