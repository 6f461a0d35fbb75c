import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import path from "node:path";

/** Syncs a folder, so that its entries survive a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Content of a file: a whole text, whole bytes, or parts that are written one after the other. */
export type FileContent = Uint8Array | string | Iterable<string> | AsyncIterable<string>;

/**
 * Writes a new file and syncs it to disk before it returns. Every user who may read the folder may read the
 * file, whatever the umask.
 */
export async function writeSynced(file: string, content: FileContent): Promise<void> {
  const handle = await open(file, "wx", 0o644);
  try {
    await handle.writeFile(content);
    const readers = (await stat(path.dirname(file))).mode & 0o444;
    const { mode } = await handle.stat();
    // chmod is called only when the mode differs, because some shared volumes reject every chmod.
    if ((mode & readers) !== readers) await handle.chmod((mode & 0o777) | readers);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file atomically, or creates it: a reader sees the old content or the new content, never a mixture. When
 * writing fails, the old file stays and no draft is left. The folder must exist.
 */
export async function replaceFile(file: string, content: FileContent): Promise<void> {
  const folder = path.dirname(file);
  const draft = path.join(folder, `.${path.basename(file)}.${randomUUID()}.partial`);
  try {
    await writeSynced(draft, content);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(folder);
}
