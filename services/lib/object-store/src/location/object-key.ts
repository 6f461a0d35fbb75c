import { ObjectKeyError } from "../store-error.ts";

/** Longest key that S3 and Azure accept, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

/** Name in which the folder store keeps its locks and drafts. */
export const RESERVED_NAME = ".bellwether-store";

/** Whether a text has a control character, which file systems and logs show wrongly. */
const CONTROL = /\p{Cc}/u;

/**
 * Checks a key with the prefix of its store: segments that are not empty, ".", ".." or reserved, and no control characters. A key
 * therefore never leaves its prefix, in no kind of store. @throws ObjectKeyError
 */
export function checkKey(key: string): string {
  if (key === "") throw new ObjectKeyError(key, "it is empty");
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new ObjectKeyError(key, `it has more than ${MAX_KEY_BYTES} bytes`);
  if (CONTROL.test(key) || !key.isWellFormed()) throw new ObjectKeyError(key, "it has a control character");
  for (const segment of key.split("/")) {
    if (segment === "" || segment === "." || segment === "..")
      throw new ObjectKeyError(key, 'a part between two "/" is empty, "." or ".."');
    if (segment === RESERVED_NAME) throw new ObjectKeyError(key, `${RESERVED_NAME} is reserved`);
  }
  return key;
}
