import { access, constants, mkdir } from "node:fs/promises";
import path from "node:path";
import { StorageError } from "./storage-error.ts";

/**
 * Makes a folder below BELLWETHER_DATA_DIR, with those above it, and sees to it that it can be written.
 * @throws StorageError in one line
 */
export async function makeDataFolder(folder: string): Promise<void> {
  try {
    await makeFolder(path.resolve(folder));
    await access(folder, constants.W_OK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const text = `the data folder ${folder} cannot be written (${code}): give this user the right to, or set BELLWETHER_DATA_DIR to another one`;
    throw new StorageError(text, { cause });
  }
}

/**
 * Makes a folder, with those above it, one after the other: Node's recursive mkdir does not come to an end below a folder such as /proc,
 * and calls a read-only file system a missing folder. @throws NodeJS.ErrnoException; ENOTDIR when a file is in its place
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  const above = path.dirname(folder);
  if (above !== folder && !(await isThere(above))) await makeFolder(above, mode);
  await mkdir(folder, { mode }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    // Fails with ENOTDIR where a file is.
    await access(`${folder}${path.sep}.`);
  });
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
