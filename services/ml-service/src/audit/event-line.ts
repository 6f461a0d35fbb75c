import type { AuditEvent } from "../domain/audit-event.ts";

/** An event as it is stored on disk. */
interface StoredEvent extends Pick<AuditEvent, "kind" | "actor" | "subject" | "payload"> {
  readonly event_id: string;
  /** ISO 8601, UTC. */
  readonly occurred_at: string;
}

/** Encodes an event as one line of JSON, without the line break. */
export function lineFromEvent({ eventId, kind, actor, subject, occurredAtMs, payload }: AuditEvent): string {
  const occurred_at = new Date(occurredAtMs).toISOString();
  return JSON.stringify({ event_id: eventId, kind, actor, subject, occurred_at, payload } satisfies StoredEvent);
}

/**
 * Decodes a line that `lineFromEvent` encoded. Returns null for an incomplete line, for example after a crash
 * or a disk error.
 */
export function eventFromLine(line: string): AuditEvent | null {
  try {
    const { event_id: eventId, kind, actor, subject, occurred_at, payload } = JSON.parse(line) as StoredEvent;
    const occurredAtMs = Date.parse(occurred_at);
    const isWhole = [eventId, kind, actor, subject].every((text) => typeof text === "string");
    if (!isWhole || Number.isNaN(occurredAtMs) || typeof payload !== "object") return null;
    return { eventId, kind, actor, subject, occurredAtMs, payload };
  } catch {
    return null;
  }
}
