import { createHash } from "node:crypto";

/** Beginning of every API key, by which secret scanners recognise one. */
export const KEY_MARK = "bw_";
const PREFIX_CHARACTERS = KEY_MARK.length + 8;
const KEY = /^bw_[A-Za-z0-9]{8}_[\w-]{43}$/;

/** Whether a text has the form of an API key. */
export const isKeyForm = (text: string): boolean => KEY.test(text);

/** Returns the first characters of a key, by which it is looked up among the accepted keys. They are not secret. */
export function keyPrefix(key: string): string {
  return key.slice(0, PREFIX_CHARACTERS);
}

/** Returns SHA-256 of a key. The key has 256 random bits, so it needs no salt and no slow hash. */
export function keyHash(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
