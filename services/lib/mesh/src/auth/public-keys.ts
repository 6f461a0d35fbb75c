import { readFile } from "node:fs/promises";
import type { JSONWebKeySet } from "jose";

/** The public keys that servers check tokens with. @throws Error naming the file when it holds none */
export async function readPublicKeys(file: string): Promise<JSONWebKeySet> {
  const parsed: unknown = JSON.parse(await readFile(file, "utf8"));
  if (isKeySet(parsed)) return parsed;
  throw new Error(`${file}: expected a JSON Web Key Set, {"keys": [...]}`);
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return typeof value === "object" && value !== null && "keys" in value && Array.isArray(value.keys);
}
