import type { AuditEvent, SequencedEvent } from "../domain/audit-event.ts";

/** An event as it is stored on disk. */
interface StoredEvent extends Pick<AuditEvent, "kind" | "actor" | "subject" | "payload"> {
  readonly event_id: string;
  /** ISO 8601, UTC. */
  readonly occurred_at: string;
  /** Not in lines of a release without sequences. */
  readonly producer?: string;
  readonly sequence?: number | null;
}

/** Encodes an event as one line of JSON, without the line break. */
export function lineFromEvent(event: SequencedEvent): string {
  const { eventId: event_id, kind, actor, subject, occurredAtMs, payload, producer, sequence } = event;
  const occurred_at = new Date(occurredAtMs).toISOString();
  const stored: StoredEvent = { event_id, kind, actor, subject, occurred_at, payload, producer, sequence };
  return JSON.stringify(stored);
}

/**
 * Decodes a line that `lineFromEvent` encoded. Returns null for an incomplete line, for example after a crash
 * or a disk error.
 */
export function eventFromLine(line: string): SequencedEvent | null {
  try {
    const { event_id: eventId, kind, actor, subject, occurred_at, payload, ...place } = JSON.parse(line) as StoredEvent;
    const { producer = "", sequence = null } = place;
    const occurredAtMs = Date.parse(occurred_at);
    const isWhole = [eventId, kind, actor, subject].every((text) => typeof text === "string");
    if (!isWhole || Number.isNaN(occurredAtMs) || typeof payload !== "object") return null;
    return { eventId, kind, actor, subject, occurredAtMs, payload, producer, sequence };
  } catch {
    return null;
  }
}
