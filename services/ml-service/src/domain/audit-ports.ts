import type { AuditEvent } from "./audit-event.ts";

/** Takes an event to be kept. Returns at once, whatever becomes of it, and never throws. */
export type RecordEvent = (event: AuditEvent) => void;

/** Hands events to the trail; resolves when all are in it. @throws SinkRejectedError, or any other error when they may be taken later */
export type AppendToSink = (events: readonly AuditEvent[], signal: AbortSignal) => Promise<void>;

/** Why an event is not kept. */
export type LossReason =
  | "queue_full"
  | "spool_full"
  | "write_failed"
  | "cut_short"
  | "rejected"
  | "stopped"
  | "not_told";

/** Counts events that are not kept. */
export type CountDroppedEvents = (events: number, reason: LossReason) => void;

/** The trail will never take these events. */
export class SinkRejectedError extends Error {
  override readonly name = "SinkRejectedError" as const;
}

/** The place that audit events are to go to cannot be used. */
export class AuditSinkError extends Error {
  override readonly name = "AuditSinkError" as const;
  constructor(place: string, cause: unknown) {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    super(`BELLWETHER_AUDIT_SINK: ${place} cannot be written (${why}); give another place, or set it to off`, {
      cause,
    });
  }
}
