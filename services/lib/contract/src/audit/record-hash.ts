import { hash as digest, randomFillSync } from "node:crypto";

/** The newest form of hashes. Records of earlier releases keep theirs. */
export const HASH_VERSION = 2;

/** A record of the audit log. Numbers and times are decimal digits, as they are hashed: no reader may round them. */
export interface HashedRecord {
  /** 1: without `recordedBy` and `salt`. 2: with both. */
  readonly hashVersion: number;
  readonly sequence: number;
  readonly eventId: string;
  readonly kind: string;
  readonly actor: string;
  readonly subject: string;
  /** Microseconds since 1970. */
  readonly occurredUs: bigint | string;
  /** Microseconds since 1970. */
  readonly recordedUs: bigint | string;
  /** Null in version 1. */
  readonly recordedBy: string | null;
  /** Null: the payload was erased. */
  readonly payload: string | null;
  /** Null in version 1, and when the payload was erased. */
  readonly salt: string | null;
  readonly payloadHash: string;
  readonly previousHash: string;
  readonly hash: string;
}

/** The last record of a chain: its sequence and its hash. */
export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

/** The head of a chain without records. */
export const EMPTY_CHAIN: AuditHead = { sequence: 0, hash: "0".repeat(64) };

/** Why a record is not the next one of its chain. */
export type BrokenReason =
  | "missing"
  | "not_linked"
  | "hash_changed"
  | "payload_changed"
  | "salt_missing"
  | "unknown_version";

type Unlinked = Omit<HashedRecord, "hash" | "payload" | "salt" | "previousHash" | "sequence">;

/**
 * Returns what is hashed of a record after its previous hash and its sequence. Each text follows its length, so that two
 * different records never have the same bytes.
 */
export function hashedRest(record: Unlinked): string {
  const { eventId, kind, actor, subject, occurredUs, recordedUs, payloadHash, recordedBy, hashVersion } = record;
  const first = [eventId, kind, actor, subject, String(occurredUs), String(recordedUs), payloadHash];
  return withLengths(hashVersion === 1 ? first : [...first, recordedBy ?? "", String(hashVersion)]);
}

/** Returns the hash of a record. */
export function recordHash(record: Omit<HashedRecord, "hash" | "payload" | "salt">): string {
  return sha256(withLengths([record.previousHash, String(record.sequence)]) + hashedRest(record));
}

/**
 * Returns the hash of a payload. With a salt, which is erased together with the payload, nobody can find an erased payload by
 * hashing guesses. @param salt null: version 1
 */
export function payloadHashOf(payload: string, salt: string | null): string {
  return sha256(salt === null ? payload : withLengths([salt, payload]));
}

/** Returns why a record does not follow `before`. Null: it does, and its content has its hash. */
export function whyBroken(record: HashedRecord, before: AuditHead): BrokenReason | null {
  const { hashVersion, sequence, payload, salt, recordedBy } = record;
  if (sequence !== before.sequence + 1) return "missing";
  if (hashVersion !== 1 && hashVersion !== HASH_VERSION) return "unknown_version";
  if (record.previousHash !== before.hash) return "not_linked";
  if (record.hash !== recordHash(record)) return "hash_changed";
  // What the hash of a version does not cover must be empty.
  if (hashVersion === 1 && (salt !== null || recordedBy !== null)) return "hash_changed";
  if (payload === null) return null;
  if (hashVersion !== 1 && salt === null) return "salt_missing";
  return payloadHashOf(payload, salt) === record.payloadHash ? null : "payload_changed";
}

/** Says in words why a record is wrong. */
export const BROKEN_REASONS: Readonly<Record<BrokenReason, string>> = {
  missing: "the record is missing, or records were put into another order",
  not_linked: "it does not follow the record before it: a record was changed, removed or inserted",
  hash_changed: "its content does not have its hash: a field was changed",
  payload_changed: "its payload does not have its payload hash: the payload or its salt was changed",
  salt_missing: "its payload has no salt: the salt was removed, or the payload was inserted later",
  unknown_version: "its hash has a form that this release does not know: verify it with a newer release",
};

const SALT_BYTES = 16;
/** Random bytes are fetched for many salts in one call. */
const pool = Buffer.alloc(SALT_BYTES * 256);
let taken = pool.length;

/** Returns a random salt, 32 lower-case hex digits. */
export function newSalt(): string {
  if (taken === pool.length) {
    randomFillSync(pool);
    taken = 0;
  }
  taken += SALT_BYTES;
  return pool.toString("hex", taken - SALT_BYTES, taken);
}

function withLengths(parts: readonly string[]): string {
  let text = "";
  for (const part of parts) text += `${Buffer.byteLength(part)}:${part}`;
  return text;
}

function sha256(text: string): string {
  return digest("sha256", text);
}
