import { createHash } from "node:crypto";
import { base64url, EncryptJWT, errors, jwtDecrypt } from "jose";

/** Number of bytes of a key: AES-256. */
const KEY_BYTES = 32;
/** Maximum size of a sealed text: larger ones are rejected unread. */
const MAX_SEALED_CHARACTERS = 4_096;
const MAX_KEYS = 2;

/** A key of `createSeal`, 32 random bytes. */
export type SealKey = Uint8Array;

/** What was sealed, and whether it was sealed with an older key. */
export interface Unsealed {
  readonly payload: Readonly<Record<string, unknown>>;
  /** Time of sealing, epoch milliseconds, whole seconds. */
  readonly sealedAtMs: number;
  /** Time from which the value cannot be opened, epoch milliseconds, whole seconds. */
  readonly expiresAtMs: number;
  /** True when the key is not the first one: seal again, so that the older key can be removed. */
  readonly isOldKey: boolean;
}

/** Encrypts small values that others keep, such as cookies. */
export interface Seal {
  /** @param purpose what the value is for: it can be opened only for the same purpose */
  seal(purpose: string, payload: Readonly<Record<string, unknown>>, expiresAtMs: number): Promise<string>;
  /** Returns the sealed value. Undefined: it is malformed, changed, for another purpose, expired, or its key is gone. */
  open(purpose: string, sealed: string): Promise<Unsealed | undefined>;
}

/**
 * Creates a seal: JSON Web Encryption (RFC 7516) with "dir" and A256GCM. The first key seals; all keys open. Each
 * value names its key.
 * @param now returns the current time, epoch milliseconds
 * @throws Error for no key, or more than two
 */
export function createSeal(keys: readonly SealKey[], now: () => number): Seal {
  const byId = new Map(keys.map((key) => [keyId(key), key]));
  const [first] = keys;
  if (!first || keys.length > MAX_KEYS) throw new Error(`expected one key or two, found ${keys.length}`);
  const kid = keyId(first);
  return {
    seal: (purpose, payload, expiresAtMs) =>
      new EncryptJWT({ ...payload })
        .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid })
        .setAudience(purpose)
        .setIssuedAt(Math.floor(now() / 1000))
        .setExpirationTime(Math.floor(expiresAtMs / 1000))
        .encrypt(first),
    async open(purpose, sealed) {
      if (sealed.length > MAX_SEALED_CHARACTERS) return undefined;
      try {
        const { payload, protectedHeader } = await jwtDecrypt(
          sealed,
          (header) => {
            const key = byId.get(header.kid ?? "");
            if (!key) throw new errors.JWEDecryptionFailed();
            return key;
          },
          {
            audience: purpose,
            keyManagementAlgorithms: ["dir"],
            contentEncryptionAlgorithms: ["A256GCM"],
            requiredClaims: ["exp", "iat"],
            currentDate: new Date(now()),
          },
        );
        const [sealedAtMs, expiresAtMs] = [(payload.iat ?? 0) * 1000, (payload.exp ?? 0) * 1000];
        return { payload, sealedAtMs, expiresAtMs, isOldKey: protectedHeader.kid !== kid };
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}

/** The id of a key reveals nothing about it: the first bytes of its hash. */
function keyId(key: SealKey): string {
  return base64url.encode(createHash("sha256").update("bellwether key id").update(key).digest().subarray(0, 6));
}

/**
 * Parses keys: base64url or hex of 32 bytes each, separated by commas or line breaks, at most two. The first one
 * seals.
 * @throws Error whose message has no part of the text
 */
export function parseSealKeys(text: string): SealKey[] {
  const parts = text.split(/[\s,]+/).filter(Boolean);
  if (parts.length < 1 || parts.length > MAX_KEYS) throw new Error(`expected one key or two, found ${parts.length}`);
  return parts.map((part, index) => {
    const key = /^[0-9a-f]{64}$/i.test(part) ? Buffer.from(part, "hex") : Buffer.from(part, "base64url");
    if (!/^[\w+/-]+=*$/.test(part) || key.length !== KEY_BYTES)
      throw new Error(`key ${index + 1} is not ${KEY_BYTES} bytes in base64url or hex`);
    return new Uint8Array(key);
  });
}
