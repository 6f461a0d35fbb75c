import { hash as digest } from "node:crypto";
import { AuditEventError } from "../ops-error.ts";

/** An event to record. Times are microseconds since 1970. */
export interface AuditEvent {
  readonly eventId: string;
  readonly kind: string;
  readonly actor: string;
  readonly subject: string;
  readonly occurredUs: bigint;
  /** A JSON object. Empty: no details. */
  readonly payload: string;
}

/** An event in the chain. */
export interface AuditRecord extends Omit<AuditEvent, "payload"> {
  readonly sequence: number;
  readonly recordedUs: bigint;
  /** Null: the payload was erased. */
  readonly payload: string | null;
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

/** Returns the records that follow `head` for these events, in order. */
export function chainEvents(head: AuditHead, events: readonly AuditEvent[], recordedUs: bigint): AuditRecord[] {
  let { sequence, hash: previousHash } = head;
  return events.map((event) => {
    sequence++;
    const unhashed = { ...event, sequence, recordedUs, payloadHash: sha256(event.payload), previousHash };
    const record = { ...unhashed, hash: recordHash(unhashed) };
    previousHash = record.hash;
    return record;
  });
}

/**
 * Whether a record has the hash of the record before it and a correct hash of its own. The payload is checked
 * too, unless it was erased.
 */
export function isLinked(record: AuditRecord, before: AuditHead): boolean {
  return (
    record.sequence === before.sequence + 1 &&
    record.previousHash === before.hash &&
    (record.payload === null || sha256(record.payload) === record.payloadHash) &&
    record.hash === recordHash(record)
  );
}

/** @throws AuditEventError for a payload that is not a JSON object, or a time outside the years 1 to 9999 */
export function checkEvent(event: AuditEvent, index: number): void {
  if (event.occurredUs < MIN_US || event.occurredUs > MAX_US)
    throw new AuditEventError(`events[${index}].occurred_at`, "is not within the years 1 to 9999");
  if (event.payload !== "" && !isJsonObject(event.payload))
    throw new AuditEventError(`events[${index}].payload_json`, "is not a JSON object");
}

const MIN_US = -62_135_596_800_000_000n;
const MAX_US = 253_402_300_799_999_999n;

type Hashed = Omit<AuditRecord, "hash" | "payload">;

/** Each text follows its length, so that two different records never have the same bytes. */
function recordHash({ previousHash, sequence, ...rest }: Hashed): string {
  return sha256(withLengths([previousHash, sequence]) + hashedRest(rest));
}

/**
 * Returns what is hashed of a record after its previous hash and its sequence. The store hashes one event in SQL, so
 * that the head of the chain is locked for one statement.
 */
export function hashedRest(record: Omit<Hashed, "sequence" | "previousHash">): string {
  const { eventId, kind, actor, subject, occurredUs, recordedUs, payloadHash } = record;
  return withLengths([eventId, kind, actor, subject, occurredUs, recordedUs, payloadHash]);
}

/** Returns the hash of an event's payload. */
export function payloadHashOf({ payload }: Pick<AuditEvent, "payload">): string {
  return sha256(payload);
}

function withLengths(parts: readonly (string | number | bigint)[]): string {
  return parts.map((part) => `${Buffer.byteLength(String(part))}:${part}`).join("");
}

function sha256(text: string): string {
  return digest("sha256", text);
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
