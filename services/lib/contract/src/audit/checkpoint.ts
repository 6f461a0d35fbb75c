import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import type { AuditHead } from "./record-hash.ts";

/** A signed statement that the audit log had this head at a time. Who has it finds a log that was rewritten or cut later. */
export interface AuditCheckpoint extends AuditHead {
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** First 16 hex digits of the SHA-256 of the public key in DER (SPKI). */
  readonly keyId: string;
  /** Ed25519 (RFC 8032), base64. */
  readonly signature: string;
}

/** A public key with which checkpoints are verified. */
export interface CheckpointKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** Signs checkpoints. */
export interface CheckpointSigner extends CheckpointKey {
  /** PEM (SPKI). */
  readonly publicKeyPem: string;
  sign(head: AuditHead, createdAt: Date): AuditCheckpoint;
}

/** A text is not a checkpoint or not a key, or a signature does not match. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError" as const;
}

/** Value of the first member of a checkpoint as JSON. */
const FORM = 1;
const PEM_BLOCK = /-----BEGIN PUBLIC KEY-----[\s\S]+?-----END PUBLIC KEY-----/g;
/** Maximum number of public keys in a text. */
const MAX_KEYS = 16;

/** Creates a private key, PEM (PKCS #8). */
export function newCheckpointKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Reads an Ed25519 private key, PEM (PKCS #8). @throws CheckpointError, which quotes nothing of the text */
export function checkpointSigner(pem: string, name: string): CheckpointSigner {
  const privateKey = ed25519(() => createPrivateKey(pem), name);
  const key = createPublicKey(privateKey);
  const id = keyIdOf(key);
  return {
    ...{ id, key, publicKeyPem: key.export({ type: "spki", format: "pem" }).toString() },
    sign({ sequence, hash }, at) {
      const unsigned = { sequence, hash, createdAt: at.toISOString(), keyId: id };
      return { ...unsigned, signature: sign(null, signedBytes(unsigned), privateKey).toString("base64") };
    },
  };
}

/** Reads 1 to 16 Ed25519 public keys, one PEM block each. @throws CheckpointError */
export function checkpointKeys(pem: string, name: string): CheckpointKey[] {
  const blocks = pem.match(PEM_BLOCK) ?? [];
  if (blocks.length === 0) throw new CheckpointError(`${name} has no PEM block "PUBLIC KEY"`);
  if (blocks.length > MAX_KEYS) throw new CheckpointError(`${name} has ${blocks.length} keys; at most ${MAX_KEYS}`);
  return blocks.map((block) => {
    const key = ed25519(() => createPublicKey(block), name);
    return { id: keyIdOf(key), key };
  });
}

/** Returns a checkpoint as an object of JSON. */
export function checkpointJson({ sequence, hash, createdAt, keyId, signature }: AuditCheckpoint) {
  const signed = { bellwether_audit_checkpoint: FORM, sequence, hash, created_at: createdAt, key_id: keyId };
  return { ...signed, signature };
}

/** Returns a checkpoint as one line of JSON. */
export const checkpointText = (checkpoint: AuditCheckpoint): string => JSON.stringify(checkpointJson(checkpoint));

/** Reads a checkpoint that `checkpointText` wrote. @param name what has the text, for messages @throws CheckpointError */
export function parseCheckpoint(text: string, name: string): AuditCheckpoint {
  const wrong = (what: string): CheckpointError => new CheckpointError(`${name} is not a checkpoint: ${what}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw wrong("it is not a line of JSON");
  }
  if (typeof parsed !== "object" || parsed === null) throw wrong("it is not a JSON object");
  const fields = new Map<string, unknown>(Object.entries(parsed));
  const [sequence, hash, createdAt] = [fields.get("sequence"), fields.get("hash"), fields.get("created_at")];
  const [keyId, signature] = [fields.get("key_id"), fields.get("signature")];
  if (fields.get("bellwether_audit_checkpoint") !== FORM)
    throw wrong(`it has no "bellwether_audit_checkpoint": ${FORM}`);
  if (typeof sequence !== "number" || !Number.isSafeInteger(sequence) || sequence < 1)
    throw wrong("sequence is not a whole number of at least 1");
  if (!isText(hash, /^[0-9a-f]{64}$/)) throw wrong("hash is not 64 lower-case hex digits");
  if (!isText(createdAt, /^\d{4}-[\d:T.-]{3,27}Z$/)) throw wrong("created_at is not a time in UTC");
  if (!isText(keyId, /^[0-9a-f]{16}$/)) throw wrong("key_id is not 16 lower-case hex digits");
  if (!isText(signature, /^[A-Za-z0-9+/]{86}==$/)) throw wrong("signature is not 64 bytes in base64");
  return { sequence, hash, createdAt, keyId, signature };
}

/** @throws CheckpointError when no key has signed the checkpoint, or its content does not match its signature */
export function verifyCheckpoint(checkpoint: AuditCheckpoint, keys: readonly CheckpointKey[]): void {
  const { sequence, keyId, signature } = checkpoint;
  const signer = keys.find(({ id }) => id === keyId);
  const known = keys.map(({ id }) => id).join(", ");
  if (!signer)
    throw new CheckpointError(
      `the checkpoint of record ${sequence} names the key ${keyId}, which is not among the public keys (${known}); use the public key of this log, or the checkpoint is of another log`,
    );
  if (!verify(null, signedBytes(checkpoint), signer.key, Buffer.from(signature, "base64")))
    throw new CheckpointError(
      `the checkpoint of record ${sequence} is forged or damaged: its signature is not that of key ${keyId} for its content`,
    );
}

/** The bytes that are signed: the name of this format, then the values, each in its own line. */
function signedBytes({ sequence, hash, createdAt, keyId }: Omit<AuditCheckpoint, "signature">): Buffer {
  return Buffer.from(`bellwether-audit-checkpoint/${FORM}\n${sequence}\n${hash}\n${createdAt}\n${keyId}\n`);
}

function ed25519(read: () => KeyObject, name: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    // The error of the library can quote the text.
  }
  if (key?.asymmetricKeyType !== "ed25519")
    throw new CheckpointError(
      `${name} is not an Ed25519 key in PEM; create one with: openssl genpkey -algorithm ed25519`,
    );
  return key;
}

function keyIdOf(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex")
    .slice(0, 16);
}

const isText = (value: unknown, form: RegExp): value is string => typeof value === "string" && form.test(value);
