import {
  type AuditHead,
  HASH_VERSION,
  type HashedRecord,
  newSalt,
  payloadHashOf,
  recordHash,
} from "@bellwether/contract/audit/record-hash";
import { AuditEventConflictError, AuditEventError } from "../ops-error.ts";

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
export interface AuditRecord extends HashedRecord {
  readonly occurredUs: bigint;
  readonly recordedUs: bigint;
}

/** Who records an event, and when. */
export interface Recording {
  /** Subject of the authenticated caller, or the name of this service for its own events. */
  readonly recordedBy: string;
  /** Microseconds since 1970. */
  readonly recordedUs: bigint;
}

/** What the store compares of a recorded event with an event that has its id. */
export interface KnownEvent extends Omit<AuditEvent, "payload"> {
  /** Null: the payload was erased, and cannot be compared. */
  readonly payload: string | null;
}

/** Records the events of this service. */
export const OWN_RECORDER = "ops-service";

/** Returns an event without its place in the chain: what is hashed after the previous hash and the sequence. */
export function unchained(event: AuditEvent, { recordedBy, recordedUs }: Recording) {
  const salt = newSalt();
  const payloadHash = payloadHashOf(event.payload, salt);
  return { ...event, hashVersion: HASH_VERSION, recordedBy, recordedUs, salt, payloadHash };
}

/** Returns the records that follow `head` for these events, in order. */
export function chainEvents(head: AuditHead, events: readonly AuditEvent[], recording: Recording): AuditRecord[] {
  let { sequence, hash: previousHash } = head;
  return events.map((event) => {
    sequence++;
    const unhashed = { ...unchained(event, recording), sequence, previousHash };
    const record = { ...unhashed, hash: recordHash(unhashed) };
    previousHash = record.hash;
    return record;
  });
}

/**
 * Returns the events that are new, each once. @param known the recorded events that have an id of `events`
 * @throws AuditEventConflictError for an event that has the id of another event
 */
export function newEvents(events: readonly AuditEvent[], known: readonly KnownEvent[]): AuditEvent[] {
  const seen = new Map<string, KnownEvent>(known.map((event) => [event.eventId, event]));
  return events.filter((event) => {
    const other = seen.get(event.eventId);
    if (other && !isSame(event, other)) throw new AuditEventConflictError(event.eventId, differenceOf(event, other));
    seen.set(event.eventId, event);
    return !other;
  });
}

const isSame = (event: AuditEvent, other: KnownEvent): boolean => differenceOf(event, other) === "";

function differenceOf(event: AuditEvent, other: KnownEvent): string {
  const names = ["kind", "actor", "subject"] as const;
  const field = names.find((name) => event[name] !== other[name]);
  if (field !== undefined) return field;
  if (event.occurredUs !== other.occurredUs) return "occurred_at";
  return other.payload === null || event.payload === other.payload ? "" : "payload_json";
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

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
