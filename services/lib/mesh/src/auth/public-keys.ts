import { readFile, stat } from "node:fs/promises";
import type { JSONWebKeySet } from "jose";

const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads the public keys with which servers verify tokens.
 * @throws Error that names the file when it contains no keys or is larger than 1 MiB
 */
export async function readPublicKeys(file: string): Promise<JSONWebKeySet> {
  const { size } = await stat(file);
  if (size > MAX_FILE_BYTES) throw new Error(`${file}: ${size} bytes, expected at most ${MAX_FILE_BYTES}`);
  return parsePublicKeys(await readFile(file, "utf8"), file);
}

/**
 * Parses the text of a key set.
 * @param source origin of the text, for the error
 * @throws Error that names the source
 */
export function parsePublicKeys(text: string, source: string): JSONWebKeySet {
  const parsed = parseJson(text);
  if (isKeySet(parsed)) return parsed;
  throw new Error(`${source}: expected a JSON Web Key Set, {"keys": [...]}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== "object" || value === null || !("keys" in value) || !Array.isArray(value.keys)) return false;
  return value.keys.every((key: unknown) => typeof key === "object" && key !== null);
}
