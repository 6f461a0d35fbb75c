import { sign, verify } from "node:crypto";
import { unchecked } from "../files/unchecked.ts";
import { isUtcTime } from "../files/utc-time.ts";
import { ModelCorruptError } from "../registry-error.ts";
import type { SigningKey, TrustedKey } from "./registry-keys.ts";

/** Name of the file with the signatures of a version. */
export const SIGNATURE_FILE = "signature.json";
/** Maximum size of the file, bytes. */
export const MAX_SIGNATURE_BYTES = 64 * 1024;
/** Maximum number of signatures. */
const MAX_SIGNATURES = 16;
/** Maximum length of a name, in characters: that of the user who sets an alias. */
const MAX_NAME = 256;

/** A signature of the bytes of `manifest.json`, which contain the digests of all other files. */
export interface ManifestSignature {
  /** Id of the key, see `TrustedKey`. */
  readonly keyId: string;
  /** Ed25519 (RFC 8032, without a context), base64. */
  readonly signature: string;
  /** ISO 8601, UTC. Not part of what is signed. */
  readonly signedAt: string;
  /** Who signed. Not part of what is signed. */
  readonly signedBy: string;
}

/** `signature.json` of a version. */
export interface SignatureFile {
  readonly format: "bellwether.signature/1";
  readonly signatures: readonly ManifestSignature[];
}

const FORMAT = "bellwether.signature/1";

/** Parses a signature file. @throws ModelCorruptError naming the invalid field */
export function parseSignatureFile(text: string, file: string): SignatureFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new ModelCorruptError(file, "is not JSON");
  }
  const { format, signatures } = unchecked<SignatureFile>(parsed);
  if (format !== FORMAT) throw new ModelCorruptError(file, `format is not "${FORMAT}"`);
  if (!Array.isArray(signatures) || signatures.length > MAX_SIGNATURES)
    throw new ModelCorruptError(file, `signatures is not a list of at most ${MAX_SIGNATURES}`);
  return {
    format,
    signatures: signatures.map((entry: unknown, i) => {
      const { keyId, signature, signedAt, signedBy } = unchecked<ManifestSignature>(entry);
      if (
        !isText(keyId, /^[0-9a-f]{16}$/) ||
        !isText(signature, /^[A-Za-z0-9+/]{86}==$/) ||
        !isUtcTime(signedAt) ||
        typeof signedBy !== "string" ||
        signedBy.length > MAX_NAME
      )
        throw new ModelCorruptError(file, `signatures[${i}] is not a signature`);
      return { keyId, signature, signedAt, signedBy };
    }),
  };
}

const isText = (value: unknown, form: RegExp): value is string => typeof value === "string" && form.test(value);

/** Signs a manifest. */
export function signManifest(
  manifest: Uint8Array,
  { id, key }: SigningKey,
  by: { readonly signedBy: string; readonly now: Date },
): ManifestSignature {
  const signature = sign(null, manifest, key).toString("base64");
  return { keyId: id, signature, signedAt: by.now.toISOString(), signedBy: by.signedBy.slice(0, MAX_NAME) };
}

/** Returns the text of the file with one more signature. That of the same key is replaced; the oldest ones make room. */
export function withSignature(file: SignatureFile | null, added: ManifestSignature): string {
  const others = (file?.signatures ?? []).filter(({ keyId }) => keyId !== added.keyId);
  const signatures = [...others, added].slice(-MAX_SIGNATURES);
  return `${JSON.stringify({ format: FORMAT, signatures } satisfies SignatureFile, null, 2)}\n`;
}

/** Returns the id of a trusted key that has signed the manifest; null: none has. */
export function signerOf(manifest: Uint8Array, file: SignatureFile, trusted: readonly TrustedKey[]): string | null {
  for (const { keyId, signature } of file.signatures) {
    const known = trusted.find(({ id }) => id === keyId);
    if (known !== undefined && verify(null, manifest, known.key, Buffer.from(signature, "base64"))) return keyId;
  }
  return null;
}
