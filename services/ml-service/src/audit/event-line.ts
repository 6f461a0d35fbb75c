import type { AuditEvent, SequencedEvent, SpooledEvent } from "../domain/audit-event.ts";

/** An event as it is stored on disk. */
interface StoredEvent extends Pick<AuditEvent, "kind" | "actor" | "subject" | "payload"> {
  readonly event_id: string;
  /** ISO 8601, UTC. */
  readonly occurred_at: string;
  /** Not in lines of a release without sequences. */
  readonly producer?: string;
  readonly sequence?: number | null;
}

/**
 * An event that waits for its write: one text instead of some hundred small objects, which the garbage collector would
 * copy each time that the young generation is full.
 */
export interface EncodedEvent extends Pick<SequencedEvent, "sequence"> {
  /** One line of JSON, without the line break. */
  readonly line: string;
}

/** Encodes an event for the queues of the sinks. */
export function encodeEvent(event: SequencedEvent): EncodedEvent {
  return { line: lineFromEvent(event), sequence: event.sequence };
}

/** Encodes an event as one line of JSON, without the line break. */
export function lineFromEvent(event: SequencedEvent): string {
  const { eventId: event_id, kind, actor, subject, occurredAtMs, payload, producer, sequence } = event;
  const occurred_at = new Date(occurredAtMs).toISOString();
  const stored: StoredEvent = { event_id, kind, actor, subject, occurred_at, payload, producer, sequence };
  return JSON.stringify(stored);
}

/** What precedes the payload, and what follows it. Quotation marks in a JSON text are escaped, so neither is part of a text. */
const BEFORE_PAYLOAD = ',"payload":';
const AFTER_PAYLOAD = ',"producer":';

/**
 * Decodes a line that `lineFromEvent` encoded; its payload stays text. Returns null for an incomplete line, for example
 * after a crash or a disk error.
 */
export function eventFromLine(line: string): SpooledEvent | null {
  const before = line.indexOf(BEFORE_PAYLOAD);
  const after = line.lastIndexOf(AFTER_PAYLOAD);
  const end = after < 0 ? line.length - 1 : after;
  const payloadJson = line.slice(before + BEFORE_PAYLOAD.length, end);
  // A system that lost power can leave a block of NUL bytes in a file.
  if (before < 0 || !payloadJson.startsWith("{") || !payloadJson.endsWith("}") || line.includes("\0")) return null;
  try {
    // A line of a release without sequences, or one that was cut just behind its payload.
    if (after < 0) JSON.parse(payloadJson);
    const rest: Omit<StoredEvent, "payload"> = JSON.parse(line.slice(0, before) + line.slice(end));
    const { event_id: eventId, kind, actor, subject, occurred_at, producer = "", sequence = null } = rest;
    const occurredAtMs = Date.parse(occurred_at);
    const isWhole = [eventId, kind, actor, subject].every((text) => typeof text === "string");
    if (!isWhole || Number.isNaN(occurredAtMs)) return null;
    return { eventId, kind, actor, subject, occurredAtMs, payloadJson, producer, sequence };
  } catch {
    return null;
  }
}
