import type { AuditEvent } from "./audit-event.ts";

/** Accepts an event for recording. Returns at once and never throws, even when the event is dropped. */
export type RecordEvent = (event: AuditEvent) => void;

/**
 * Sends events to the audit log; resolves when all of them are recorded. @throws SinkRejectedError, or any
 * other error when a retry can succeed
 */
export type AppendToSink = (events: readonly AuditEvent[], signal: AbortSignal) => Promise<void>;

/** Why an event was dropped. */
export type LossReason =
  | "queue_full"
  | "spool_full"
  | "write_failed"
  | "cut_short"
  | "rejected"
  | "stopped"
  | "not_told";

/** Counts dropped events. */
export type CountDroppedEvents = (events: number, reason: LossReason) => void;

/** The audit log rejects these events: a retry cannot succeed. */
export class SinkRejectedError extends Error {
  override readonly name = "SinkRejectedError" as const;
}

/** The destination of audit events cannot be used. */
export class AuditSinkError extends Error {
  override readonly name = "AuditSinkError" as const;
  constructor(place: string, cause: unknown) {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    super(`BELLWETHER_AUDIT_SINK: ${place} cannot be written (${why}); give another place, or set it to off`, {
      cause,
    });
  }
}
