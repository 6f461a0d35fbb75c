import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, realpath, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { makeFolder } from "@bellwether/files/data-folder";
import { syncFolder } from "@bellwether/files/durable-write";
import { ProcessLockedError, takeProcessLock } from "@bellwether/files/process-lock";
import { RESERVED_NAME } from "../location/object-key.ts";
import type { ObjectInfo } from "../object-store.ts";
import { ObjectChangedError, ObjectConditionError, ObjectNotFoundError, StoreRejectedError } from "../store-error.ts";
import type { Backend, Upload, WriteDetails } from "./backend.ts";
import { closingChunks } from "./closing-chunks.ts";
import { linkDraft, makeFoldersBelow, openDraft, renameDraft, sweepDrafts } from "./folder-draft.ts";
import { folderErrorOf } from "./folder-error.ts";
import { foldersIn, keysBelow } from "./folder-list.ts";

const PART_BYTES = 8 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;
const PAGE = 1_000;
/** Number of locks: writers of keys with different ones do not wait for each other. */
const LOCKS = 16;
const LOCK_LOOK_MS = 3;
/** Without O_NONBLOCK, opening a named pipe that has no writer blocks. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Objects as files of a folder. A file is written as a draft, synced, and then gets its name: an object exists completely or not at
 * all, also after a kill. Conditional writes hold between all processes of the machine: a lock of the operating system, which ends
 * with its process, surrounds comparing and renaming. The entity tag consists of inode, time and size, so files of other programs
 * have one too.
 * @param folder is created when it does not exist @throws StoreDeniedError, StoreFullError
 */
export async function createFolderBackend(folder: string): Promise<Backend> {
  const root = await inFolder(folder, async () => {
    await makeFolder(path.resolve(folder));
    return await realpath(folder);
  });
  const own = path.join(root, RESERVED_NAME);
  const drafts = path.join(own, "drafts");
  await sweepDrafts(drafts, Date.now());
  const placeOf = (key: string): string => `file:${path.join(folder, key)}`;
  const fileOf = (key: string): string => path.join(root, key);

  /** Opens the file of a key, which no link leads to. */
  const openFile = async (key: string): Promise<FileHandle> => {
    const file = fileOf(key);
    if ((await realpath(path.dirname(file))) !== path.dirname(file))
      throw new StoreRejectedError(placeOf(key), "a folder of its path is a link");
    const handle = await open(file, FLAGS).catch((error: NodeJS.ErrnoException) => {
      throw error.code === "ELOOP" || error.code === "ENXIO"
        ? new StoreRejectedError(placeOf(key), "it is not a regular file", { cause: error })
        : error;
    });
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    throw new ObjectNotFoundError(placeOf(key));
  };
  const head = async (key: string): Promise<ObjectInfo> => {
    await using handle = await openFile(key);
    return await infoOf(key, handle);
  };
  const headOrNull = (key: string): Promise<ObjectInfo | null> =>
    head(key).catch((error: unknown) => {
      if (folderErrorOf(error, placeOf(key)) instanceof ObjectNotFoundError) return null;
      throw error;
    });

  async function withLock<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const locks = path.join(own, "locks");
    await makeFoldersBelow(root, locks);
    const number = (createHash("sha256").update(key).digest()[0] ?? 0) % LOCKS;
    await using _lock = await waitForLock(path.join(locks, String(number)), signal);
    signal.throwIfAborted();
    return await work();
  }

  /** Gives the draft its name if the condition holds. */
  async function publish(key: string, draft: string, { condition }: WriteDetails, signal: AbortSignal): Promise<void> {
    const file = fileOf(key);
    await makeFoldersBelow(root, path.dirname(file));
    if ((await realpath(path.dirname(file))) !== path.dirname(file))
      throw new StoreRejectedError(placeOf(key), "a folder of its path is a link");
    if (condition !== null && "absent" in condition) {
      const linked = await linkDraft(draft, file);
      if (linked === "linked") return;
      if (linked === "exists") throw new ObjectConditionError(placeOf(key));
    }
    await withLock(key, signal, async () => {
      const found = condition === null ? null : await headOrNull(key);
      const holds =
        condition === null ||
        ("absent" in condition ? found === null : found !== null && found.etag === condition.etag);
      if (!holds) throw new ObjectConditionError(placeOf(key));
      await renameDraft(draft, file);
    });
  }

  async function startUpload(key: string, details: WriteDetails): Promise<Upload> {
    await makeFoldersBelow(root, drafts);
    const draft = path.join(drafts, randomUUID());
    const handle = await openDraft(draft, root);
    let stored: ObjectInfo | undefined;
    let isOpen = true;
    const close = async (): Promise<void> => {
      if (isOpen) await handle.close();
      isOpen = false;
    };
    return {
      part: (index, bytes) => inFolder(placeOf(key), () => writeAll(handle, bytes, index * PART_BYTES)),
      complete: (signal) =>
        inFolder(placeOf(key), async () => {
          if (stored) return stored;
          await handle.sync();
          const info = await infoOf(key, handle);
          await publish(key, draft, details, signal);
          stored = info;
          await close();
          return info;
        }),
      abort: () =>
        inFolder(placeOf(key), async () => {
          await close();
          await rm(draft, { force: true });
        }),
    };
  }

  return {
    partBytes: PART_BYTES,
    head: (key) => inFolder(placeOf(key), () => head(key)),
    open: (key, { start, end, etag }) =>
      inFolder(placeOf(key), async () => {
        const handle = await openFile(key);
        try {
          const info = await infoOf(key, handle);
          if (etag !== null && info.etag !== etag) throw new ObjectChangedError(placeOf(key));
          const last = Math.min(end ?? info.bytes, info.bytes);
          const chunks = readFile(handle, info, { start, end: last, place: placeOf(key) });
          return { info, chunks: closingChunks(chunks, () => handle.close()) };
        } catch (error) {
          await handle.close();
          throw error;
        }
      }),
    put: (key, bytes, details, signal) =>
      inFolder(placeOf(key), async () => {
        const upload = await startUpload(key, details);
        try {
          await upload.part(0, bytes, signal);
          return await upload.complete(signal);
        } catch (error) {
          await upload.abort(signal).catch(() => undefined);
          throw error;
        }
      }),
    startUpload: (key, details) => inFolder(placeOf(key), () => startUpload(key, details)),
    // A write of a folder has no answer that could be lost.
    findWritten: () => Promise.resolve(null),
    list: (prefix, after, signal) =>
      inFolder(placeOf(prefix), async () => {
        const objects: ObjectInfo[] = [];
        for await (const key of keysBelow(root, prefix, after, signal)) {
          const info = await headOrNull(key);
          if (info !== null) objects.push(info);
          if (objects.length === PAGE) return { objects, next: key };
        }
        return { objects, next: null };
      }),
    folders: (prefix, _after, signal) =>
      inFolder(placeOf(prefix), async () => ({ folders: await foldersIn(root, prefix, signal), next: null })),
    delete: (key, etag, signal) =>
      inFolder(placeOf(key), () =>
        withLock(key, signal, async () => {
          const found = await headOrNull(key);
          if (etag !== null && found?.etag !== etag) throw new ObjectConditionError(placeOf(key));
          if (found === null) return;
          await rm(fileOf(key), { force: true });
          await syncFolder(path.dirname(fileOf(key)));
        }),
      ),
    close: () => Promise.resolve(),
  };
}

async function inFolder<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw folderErrorOf(error, place);
  }
}

async function infoOf(key: string, handle: FileHandle): Promise<ObjectInfo> {
  const { ino, mtimeNs, size } = await handle.stat({ bigint: true });
  const etag = [ino, mtimeNs, size].map((number) => number.toString(16)).join("-");
  return { key, etag, bytes: Number(size), modifiedAt: new Date(Number(mtimeNs / 1_000_000n)) };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** Yields bytes of an open file. A writer of another program can change it in place: that is seen at its end. */
async function* readFile(
  handle: FileHandle,
  info: ObjectInfo,
  { start, end, place }: { readonly start: number; readonly end: number; readonly place: string },
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (let at = start; at < end; ) {
      const wanted = Math.min(READ_BYTES, end - at);
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
      if (bytesRead === 0) throw new ObjectChangedError(place);
      at += bytesRead;
      if (at >= end && (await infoOf(info.key, handle)).etag !== info.etag) throw new ObjectChangedError(place);
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw folderErrorOf(error, place);
  } finally {
    await handle.close();
  }
}

async function waitForLock(file: string, signal: AbortSignal): Promise<AsyncDisposable> {
  while (true) {
    try {
      return await takeProcessLock(file);
    } catch (error) {
      if (!(error instanceof ProcessLockedError)) throw error;
    }
    signal.throwIfAborted();
    await pause(LOCK_LOOK_MS * (1 + Math.random()));
  }
}
