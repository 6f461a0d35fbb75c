import { setTimeout as pause } from "node:timers/promises";
import type { AuditEvent } from "../domain/audit-event.ts";
import type { CountDroppedEvents, RecordEvent } from "../domain/audit-ports.ts";

/** Buffers events between the calls, which never wait, and a slower writer. */
export interface EventQueue {
  readonly record: RecordEvent;
  /**
   * Waits until all recorded events are written, for at most `withinMs`. Events that are left then are
   * counted as dropped.
   */
  stop(withinMs: number): Promise<void>;
}

export interface EventQueueOptions {
  /** Writes events in order. When it rejects, all of these events are dropped. */
  readonly write: (events: readonly AuditEvent[]) => Promise<void>;
  readonly lost: CountDroppedEvents;
  /** Maximum number of events in the queue. Default 10,000, which is about 20 MB. */
  readonly capacity?: number;
}

/** Maximum number of events in one write. Encoding them blocks the event loop for well under a millisecond. */
const WRITE_EVENTS = 200;
/**
 * Time for which events are collected before a write, because many small writes are expensive. When the
 * process is killed, the events of this time are lost.
 */
const GATHER_MS = 20;

/**
 * Creates a queue with one writer. When it is full, it drops the newest event, so that a caller never waits.
 */
export function createEventQueue({ write, lost, capacity = 10_000 }: EventQueueOptions): EventQueue {
  const waiting: AuditEvent[] = [];
  let beingWritten = 0;
  let draining: Promise<void> | undefined;
  let isStopped = false;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      if (waiting.length < WRITE_EVENTS) await pause(GATHER_MS);
      const events = waiting.splice(0, WRITE_EVENTS);
      beingWritten = events.length;
      await write(events).catch(() => lost(isStopped ? 0 : events.length, "write_failed"));
      beingWritten = 0;
    }
    draining = undefined;
  };
  return {
    record(event) {
      if (isStopped) return lost(1, "stopped");
      if (waiting.length >= capacity) return lost(1, "queue_full");
      waiting.push(event);
      draining ??= drain();
    },
    async stop(withinMs) {
      await Promise.race([draining, pause(withinMs, undefined, { ref: false })]);
      isStopped = true;
      lost(beingWritten + waiting.splice(0).length, "stopped");
    },
  };
}
