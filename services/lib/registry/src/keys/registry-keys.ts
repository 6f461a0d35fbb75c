import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { RegistryNameError } from "../registry-error.ts";

/** A public key whose signatures are accepted. */
export interface TrustedKey {
  /** First 16 hex digits of the SHA-256 of the key in DER (SPKI). */
  readonly id: string;
  readonly key: KeyObject;
}

/** A private key with which versions are signed. */
export interface SigningKey extends TrustedKey {}

/** Maximum number of public keys in a file. */
const MAX_KEYS = 16;
const PEM_BLOCK = /-----BEGIN PUBLIC KEY-----[\s\S]+?-----END PUBLIC KEY-----/g;

/**
 * Reads Ed25519 public keys from a text with one PEM block per key.
 * @param name what has the text, for messages
 * @throws RegistryNameError when there is no key, another kind of key, or more than 16
 */
export function trustedKeys(pem: string, name: string): readonly TrustedKey[] {
  const blocks = pem.match(PEM_BLOCK) ?? [];
  if (blocks.length === 0) throw new RegistryNameError(`${name} has no PEM block "PUBLIC KEY"; ${HOW}`);
  if (blocks.length > MAX_KEYS) throw new RegistryNameError(`${name} has ${blocks.length} keys; at most ${MAX_KEYS}`);
  return blocks.map((block) => identified(ed25519(() => createPublicKey(block), name)));
}

/** Reads an Ed25519 private key in PEM (PKCS #8, without a password). @throws RegistryNameError for another text; nothing is quoted */
export function signingKey(pem: string, name: string): SigningKey {
  const key = ed25519(() => createPrivateKey(pem), name);
  return { id: identified(createPublicKey(key)).id, key };
}

const HOW = "create a key with: openssl genpkey -algorithm ed25519 (docs/registry.md)";

function ed25519(read: () => KeyObject, name: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    // The error of the library can quote the text.
  }
  if (key?.asymmetricKeyType !== "ed25519") throw new RegistryNameError(`${name} is not an Ed25519 key in PEM; ${HOW}`);
  return key;
}

function identified(key: KeyObject): TrustedKey {
  const der = key.export({ type: "spki", format: "der" });
  return { id: createHash("sha256").update(der).digest("hex").slice(0, 16), key };
}
