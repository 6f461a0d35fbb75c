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

/**
 * Writes a new file and syncs it to disk before it returns. Every user who may read the folder may read the
 * file, whatever the umask.
 */
export async function writeSynced(file: string, bytes: Uint8Array | string): Promise<void> {
  const handle = await open(file, "wx", 0o644);
  try {
    await handle.writeFile(bytes);
    const readers = (await stat(path.dirname(file))).mode & 0o444;
    const { mode } = await handle.stat();
    // Called only when the mode differs: some shared volumes reject every chmod.
    if ((mode & readers) !== readers) await handle.chmod((mode & 0o777) | readers);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file atomically: a reader sees the old bytes or the new bytes, never a mixture. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.${process.hrtime.bigint()}.tmp`;
  try {
    await writeSynced(draft, text);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(path.dirname(file));
}
