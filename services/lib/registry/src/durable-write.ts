import { open, rename } from "node:fs/promises";
import path from "node:path";

/** Makes a folder's entries survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a new file and its bytes to the disk before it returns. */
export async function writeSynced(file: string, bytes: Uint8Array | string): Promise<void> {
  const handle = await open(file, "wx", 0o644);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file so that a reader sees the old bytes or the new ones, never a mixture. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.${process.hrtime.bigint()}.tmp`;
  await writeSynced(draft, text);
  await rename(draft, file);
  await syncFolder(path.dirname(file));
}
