import { access, constants, mkdir } from "node:fs/promises";
import path from "node:path";
import { StorageError } from "./storage-error.ts";

/** What to do, by the code of the system. */
const WAYS: Readonly<Record<string, string>> = {
  ENOENT: "no folder can be created there: set BELLWETHER_DATA_DIR to another one",
  ENOTDIR: "a file is in the way: set BELLWETHER_DATA_DIR to a folder",
  EROFS: "the file system can only be read: set BELLWETHER_DATA_DIR to another folder",
  ENOSPC: "the disk is full: free space, or set BELLWETHER_DATA_DIR to a folder on another disk",
};
const NO_RIGHT = "give this user the right to, or set BELLWETHER_DATA_DIR to another one";

/**
 * Creates a folder below BELLWETHER_DATA_DIR, with its parents, and checks that it can be written.
 * @throws StorageError with a one-line message
 */
export async function makeDataFolder(folder: string): Promise<void> {
  try {
    await makeFolder(path.resolve(folder));
    await access(folder, constants.W_OK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const text = `the data folder ${folder} cannot be written (${code}): ${WAYS[code] ?? NO_RIGHT}`;
    throw new StorageError(text, { cause });
  }
}

/**
 * Creates a folder and its missing parents, one after the other. Node's recursive mkdir is not used: it does
 * not end below a folder such as /proc, and reports a read-only file system as a missing folder. @throws
 * NodeJS.ErrnoException; ENOTDIR when a file is in the way
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  const above = path.dirname(folder);
  if (above !== folder && !(await isThere(above))) await makeFolder(above, mode);
  await mkdir(folder, { mode }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    // Fails with ENOTDIR when the path is a file.
    await access(`${folder}${path.sep}.`);
  });
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
