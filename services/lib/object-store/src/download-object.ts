import { createHash } from "node:crypto";
import { open, rm, statfs } from "node:fs/promises";
import path from "node:path";
import { syncFolder } from "@bellwether/files/durable-write";
import type { ObjectInfo, ObjectStore } from "./object-store.ts";

export interface Download {
  readonly store: ObjectStore;
  readonly key: string;
  /** The object must have this entity tag, else ObjectChangedError. */
  readonly etag: string;
  /** Path of the new file. Its folder exists; the file does not. */
  readonly file: string;
  readonly signal?: AbortSignal;
}

/** An object that was copied to a file. */
export interface Downloaded extends ObjectInfo {
  /** SHA-256 of the content, lower-case hex. */
  readonly digest: string;
}

/** Free bytes that remain on the disk besides the file. */
const FREE_BYTES = 64 * 1024 * 1024;

/**
 * Copies an object to a file, chunk by chunk, and syncs it. When that fails, no file remains. A disk without enough space is an error
 * before the first byte.
 * @throws the errors of `get`; NodeJS.ErrnoException, ENOSPC when the disk is full
 */
export async function downloadObject({ store, key, etag, file, signal }: Download): Promise<Downloaded> {
  const { info, chunks } = await store.get(key, { etag, ...(signal && { signal }) });
  try {
    const { bavail, bsize } = await statfs(path.dirname(file));
    if (bavail * bsize < info.bytes + FREE_BYTES)
      throw Object.assign(new Error(`${key} has ${info.bytes} bytes, and the disk has ${bavail * bsize} free`), {
        code: "ENOSPC",
        path: file,
      });
    const hash = createHash("sha256");
    await using handle = await open(file, "wx", 0o600);
    for await (const chunk of chunks) {
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    await handle.sync();
    await syncFolder(path.dirname(file));
    return { ...info, digest: hash.digest("hex") };
  } catch (error) {
    await chunks[Symbol.asyncIterator]().return?.();
    await rm(file, { force: true });
    throw error;
  }
}
