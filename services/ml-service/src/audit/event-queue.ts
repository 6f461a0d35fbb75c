import { setTimeout as pause } from "node:timers/promises";
import type { AuditEvent } from "../domain/audit-event.ts";
import type { CountDroppedEvents, RecordEvent } from "../domain/audit-ports.ts";

/** Events on their way from the calls to a slower place. */
export interface EventQueue {
  readonly record: RecordEvent;
  /** Waits until all that was recorded is written, for at most `withinMs`; what is left then is counted as lost. */
  stop(withinMs: number): Promise<void>;
}

export interface EventQueueOptions {
  /** Writes events in their order; a rejection loses all of them. */
  readonly write: (events: readonly AuditEvent[]) => Promise<void>;
  readonly lost: CountDroppedEvents;
  /** Events held at most. Default 10,000: some 20 MB. */
  readonly capacity?: number;
}

/** Events written at a time: making their text holds the event loop for well under a millisecond. */
const WRITE_EVENTS = 200;
/** Time in which events gather for a write, and may be lost with a killed process: small writes cost more than what they write. */
const GATHER_MS = 20;

/** A queue with one writer. What does not fit is lost, the newest first: a caller never waits. */
export function createEventQueue({ write, lost, capacity = 10_000 }: EventQueueOptions): EventQueue {
  const waiting: AuditEvent[] = [];
  let inHand = 0;
  let draining: Promise<void> | undefined;
  let isStopped = false;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      if (waiting.length < WRITE_EVENTS) await pause(GATHER_MS);
      const events = waiting.splice(0, WRITE_EVENTS);
      inHand = events.length;
      await write(events).catch(() => lost(isStopped ? 0 : events.length, "write_failed"));
      inHand = 0;
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
      lost(inHand + waiting.splice(0).length, "stopped");
    },
  };
}
