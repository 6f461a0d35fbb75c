import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

const READ_BYTES = 1024 * 1024;

/**
 * Returns the SHA-256 of a file, lower-case hex, as `sha256sum` prints it. The chunks go to the hash directly:
 * a pipeline into it would copy each of them.
 * @throws the error of the file system
 */
export async function fileDigest(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES, ...(signal && { signal }) }))
    hash.update(chunk as Buffer);
  return hash.digest("hex");
}
