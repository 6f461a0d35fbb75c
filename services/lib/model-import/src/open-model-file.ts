import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { MAX_MODEL_BYTES } from "@bellwether/tree-model/trees/limits";

/**
 * Reads a model file from an untrusted source. It must be a regular file with exactly one name: through a
 * symbolic link or a second hard link, another user could change what is read, now or later. All checks are
 * made on the opened file, so it cannot be replaced between a check and the read.
 * @throws ImportRejectedError when the file is a link, not a regular file, empty or too large, or cannot be read.
 */
export async function openModelFile(file: string): Promise<Uint8Array> {
  // Without O_NONBLOCK, opening a named pipe that has no writer blocks until a writer opens it.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(file, flags).catch((error: NodeJS.ErrnoException) => {
    throw rejectionOf(error);
  });
  try {
    const stats = await handle.stat();
    const { size, nlink } = stats;
    if (!stats.isFile()) throw new ImportRejectedError("unsafe", "it is not a plain file");
    if (nlink > 1) throw new ImportRejectedError("unsafe", `it has ${nlink} hard links; copy it to a file of its own`);
    if (size === 0) throw new ImportRejectedError("malformed", "the file is empty");
    if (size > MAX_MODEL_BYTES) {
      throw new ImportRejectedError("unsafe", `the file has ${size} bytes, at most ${MAX_MODEL_BYTES} are read`);
    }
    const bytes = new Uint8Array(size);
    const { bytesRead } = await handle.read(bytes, 0, size, 0);
    if (bytesRead !== size) throw new ImportRejectedError("malformed", "the file changed while it was read");
    return bytes;
  } finally {
    await handle.close();
  }
}

function rejectionOf(error: NodeJS.ErrnoException): ImportRejectedError {
  if (error.code === "ELOOP") {
    return new ImportRejectedError("unsafe", "it is a symbolic link; name the file that it points to");
  }
  if (error.code === "ENOENT") return new ImportRejectedError("malformed", "there is no such file");
  if (error.code === "ENXIO") return new ImportRejectedError("unsafe", "it is not a plain file");
  return new ImportRejectedError("malformed", `it cannot be opened (${error.code ?? "unknown error"})`);
}
