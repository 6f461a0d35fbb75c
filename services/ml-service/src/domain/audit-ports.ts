import type { AuditEvent, SequencedEvent, SpooledEvent } from "./audit-event.ts";

/** Accepts an event for recording. Returns at once and never throws, even when the event is dropped. */
export type RecordEvent = (event: AuditEvent) => void;

/**
 * Where a sink stores events: one of them per sink, in the sink's own thread. docs/event-sinks.md has an example.
 * Destinations of this project take events whose payload is still text.
 */
export interface EventDestination<Event extends SequencedEvent | SpooledEvent = SequencedEvent> {
  /** Maximum number of events in one call of `send`. */
  readonly maxEvents: number;
  /**
   * Resolves when all of the events are stored. Only one call at a time. After any error except a rejection, the same
   * events are sent again, also by another process, so the destination must accept an `eventId` twice.
   * @throws an error with the name "SinkRejectedError" when an event can never be stored. The events are then sent one
   * by one, and the rejected one is dropped.
   * @throws an error with the name "SinkEndedError" when the destination has ended with these events. An event with which it
   * ends again and again is dropped.
   */
  send(events: readonly Event[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A destination of this project. */
export type SpooledEventDestination = EventDestination<SpooledEvent>;

/** Why an event was dropped. */
export type LossReason =
  | "queue_full"
  | "spool_full"
  | "write_failed"
  | "cut_short"
  | "rejected"
  | "sink_ended"
  | "stopped"
  | "not_recorded";

/** Counts dropped events. */
export type CountDroppedEvents = (events: number, reason: LossReason) => void;

/** The destination rejects these events: a retry cannot succeed. */
export class SinkRejectedError extends Error {
  override readonly name = "SinkRejectedError" as const;
}

/** The thread of the destination has ended while it had these events. They can be the cause. */
export class SinkEndedError extends Error {
  override readonly name = "SinkEndedError" as const;
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

/** The file of a sink cannot be used. */
export class SinkModuleError extends Error {
  override readonly name = "SinkModuleError" as const;
  /** @param cause its message names the file */
  constructor(cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `BELLWETHER_AUDIT_SINK: ${why}; name a file whose default export is a function (docs/event-sinks.md), or set it to off`,
      { cause },
    );
  }
}
