import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { keyHash, keyPrefix } from "@bellwether/mesh/auth/api-key-hash";
import type { RoleName } from "@bellwether/mesh/call/caller";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { ApiKeyEndError, ApiKeyScopeError } from "./api-key-error.ts";

/** An API key as it is stored: without its secret. */
export interface ApiKey {
  /** A UUID. */
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  /** SHA-256 of the whole key, lower-case hex. */
  readonly hash: string;
  readonly role: RoleName;
  /** The suppliers that callers with the key see. Null: all. */
  readonly scope: SupplierScope | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly revokedBy: string;
}

/** What an administrator decides about a new key. */
export interface ApiKeyRequest {
  readonly name: string;
  readonly role: RoleName;
  /** Undefined: all suppliers. */
  readonly scope?: SupplierScope | undefined;
  /** Undefined: 90 days from now. */
  readonly expiresAt: Date | undefined;
  readonly createdBy: string;
}

const DAY_MS = 86_400_000;
const DEFAULT_LIFETIME_MS = 90 * DAY_MS;
const MAX_LIFETIME_MS = 731 * DAY_MS;
/** Characters of the random part of a key's prefix. People recognise a key by its prefix. */
const PREFIX_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/** Returns a new key and its secret of 256 random bits. @throws ApiKeyEndError, ApiKeyScopeError */
export function newApiKey(request: ApiKeyRequest, now: Date): { readonly key: ApiKey; readonly secret: string } {
  const { name, role, scope = null, createdBy, expiresAt = new Date(now.getTime() + DEFAULT_LIFETIME_MS) } = request;
  if (scope && role === "service") throw new ApiKeyScopeError();
  if (!(expiresAt > now)) throw new ApiKeyEndError("is not in the future");
  if (expiresAt.getTime() - now.getTime() > MAX_LIFETIME_MS) throw new ApiKeyEndError("is more than two years ahead");
  const mark = Array.from({ length: 8 }, () => PREFIX_ALPHABET[randomInt(PREFIX_ALPHABET.length)]).join("");
  const secret = `bw_${mark}_${randomBytes(32).toString("base64url")}`;
  const stored = { prefix: keyPrefix(secret), hash: keyHash(secret).toString("hex") };
  const never = { lastUsedAt: null, revokedAt: null, revokedBy: "" };
  const made = { id: randomUUID(), name, role, scope, createdBy, createdAt: now, expiresAt };
  return { key: { ...made, ...stored, ...never }, secret };
}
