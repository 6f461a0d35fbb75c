import { createHash } from "node:crypto";

/** Number of bytes that are hashed in one iteration of the event loop: a few milliseconds of work. */
const TURN_BYTES = 2 * 2 ** 20;

/** Returns SHA-256 of bytes, lower-case hex. Other work of the event loop is done in between: a model can have 64 MiB. */
export async function digestOf(bytes: Uint8Array): Promise<string> {
  const hash = createHash("sha256");
  for (let from = 0; from < bytes.length; from += TURN_BYTES) {
    if (from > 0) await new Promise((resolve) => setImmediate(resolve));
    hash.update(bytes.subarray(from, from + TURN_BYTES));
  }
  return hash.digest("hex");
}
