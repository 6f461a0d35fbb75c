import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { MAX_MODEL_BYTES } from "@bellwether/tree-model/trees/limits";
import { ModelRefusedError } from "@bellwether/tree-model/trees/model-refused-error";

/**
 * Reads a model file that came from outside. It must be a plain file with one name: through a symbolic or a second hard link,
 * somebody else could decide what is read, now or when it is read again. Everything is asked of the opened file, so that it
 * cannot be exchanged in between.
 * @throws ModelRefusedError the file is a link, no plain file, empty, too large, or cannot be read.
 */
export async function openModelFile(file: string): Promise<Uint8Array> {
  // Without O_NONBLOCK, opening a named pipe waits for a writer for ever.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(file, flags).catch((error: NodeJS.ErrnoException) => {
    throw refusalOf(error);
  });
  try {
    const stats = await handle.stat();
    const { size, nlink } = stats;
    if (!stats.isFile()) throw new ModelRefusedError("unsafe", "it is not a plain file");
    if (nlink > 1) throw new ModelRefusedError("unsafe", `it has ${nlink} hard links; copy it to a file of its own`);
    if (size === 0) throw new ModelRefusedError("malformed", "the file is empty");
    if (size > MAX_MODEL_BYTES) {
      throw new ModelRefusedError("unsafe", `the file has ${size} bytes, at most ${MAX_MODEL_BYTES} are read`);
    }
    const bytes = new Uint8Array(size);
    const { bytesRead } = await handle.read(bytes, 0, size, 0);
    if (bytesRead !== size) throw new ModelRefusedError("malformed", "the file changed while it was read");
    return bytes;
  } finally {
    await handle.close();
  }
}

function refusalOf(error: NodeJS.ErrnoException): ModelRefusedError {
  if (error.code === "ELOOP") {
    return new ModelRefusedError("unsafe", "it is a symbolic link; name the file that it points to");
  }
  if (error.code === "ENOENT") return new ModelRefusedError("malformed", "there is no such file");
  if (error.code === "ENXIO") return new ModelRefusedError("unsafe", "it is not a plain file");
  return new ModelRefusedError("malformed", `it cannot be opened (${error.code ?? "unknown error"})`);
}
