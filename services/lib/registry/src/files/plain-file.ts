import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { ModelCorruptError } from "../registry-error.ts";

/**
 * Reads a regular file of the registry that has one hard link, with the same checks as open-model-file makes
 * for files from outside.
 * @returns null when the file does not exist
 * @throws ModelCorruptError when it is a link or not a regular file, has more than `maxBytes`, or cannot be read
 */
export async function readPlainFile(file: string, maxBytes: number): Promise<Uint8Array | null> {
  const handle = await openOrNull(file);
  if (handle === null) return null;
  try {
    const stats = await handle.stat();
    const { size, nlink } = stats;
    if (!stats.isFile()) throw new ModelCorruptError(file, "is not a file");
    if (nlink > 1) throw new ModelCorruptError(file, "has more than one hard link");
    if (size > maxBytes) throw new ModelCorruptError(file, `has ${size} bytes, at most ${maxBytes} are read`);
    const bytes = new Uint8Array(size);
    const { bytesRead } = await handle.read(bytes, 0, size, 0);
    if (bytesRead !== size) throw new ModelCorruptError(file, "changed while it was read");
    return bytes;
  } finally {
    await handle.close();
  }
}

/** Without O_NONBLOCK, opening a named pipe that has no writer blocks until a writer opens it. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function openOrNull(file: string) {
  try {
    return await open(file, FLAGS);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    if (code === "ELOOP") throw new ModelCorruptError(file, "is a symbolic link");
    if (code === "ENXIO") throw new ModelCorruptError(file, "is not a file");
    throw new ModelCorruptError(file, `cannot be read (${code})`);
  }
}

/** Whether a file or folder exists at a path. */
export const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
