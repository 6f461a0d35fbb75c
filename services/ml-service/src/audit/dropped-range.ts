import type { AuditPayload, SequencedEvent } from "../domain/audit-event.ts";
import type { LossReason } from "../domain/audit-ports.ts";

/** The events that one sink has dropped since its last gap event. */
export interface DroppedRange {
  readonly isEmpty: boolean;
  /** @param sequences those of the dropped events, as far as they are known */
  add(events: number, reason: LossReason, sequences?: readonly number[]): void;
  /** Returns the gap event, and empties the range. Null: nothing was dropped. */
  take(): SequencedEvent | null;
  /** Puts back a gap event that was not written. */
  putBack(): void;
}

export interface DroppedRangeOptions {
  readonly producer: string;
  readonly sink: string;
  readonly newId: () => string;
  /** Returns the current time, epoch milliseconds. */
  readonly now: () => number;
}

interface Counted {
  events: number;
  first: number;
  last: number;
  readonly reasons: Map<LossReason, number>;
}

const nothing = (): Counted => ({ events: 0, first: Number.POSITIVE_INFINITY, last: 0, reasons: new Map() });

/** Creates the empty range of a sink. */
export function createDroppedRange({ producer, sink, newId, now }: DroppedRangeOptions): DroppedRange {
  let pending = nothing();
  let taken = nothing();
  return {
    get isEmpty() {
      return pending.events === 0;
    },
    add(events, reason, sequences = []) {
      if (events > 0) merge(pending, { events, ...bounds(sequences), reasons: new Map([[reason, events]]) });
    },
    take() {
      if (pending.events === 0) return null;
      taken = pending;
      pending = nothing();
      return {
        ...{ eventId: newId(), kind: "events.dropped", actor: "ml-service", subject: "", occurredAtMs: now() },
        ...{ payload: payloadOf(taken, producer, sink), producer, sequence: null },
      };
    },
    putBack() {
      merge(pending, taken);
      taken = nothing();
    },
  };
}

function payloadOf({ events, first, last, reasons }: Counted, producer: string, sink: string): AuditPayload {
  return {
    ...{ sink, producer, events },
    ...(last > 0 && { first_sequence: first, last_sequence: last }),
    reasons: Object.fromEntries(reasons),
  };
}

function merge(into: Counted, from: Counted): void {
  into.events += from.events;
  into.first = Math.min(into.first, from.first);
  into.last = Math.max(into.last, from.last);
  for (const [reason, events] of from.reasons) into.reasons.set(reason, (into.reasons.get(reason) ?? 0) + events);
}

function bounds(sequences: readonly number[]): Pick<Counted, "first" | "last"> {
  let { first, last } = nothing();
  for (const sequence of sequences) {
    first = Math.min(first, sequence);
    last = Math.max(last, sequence);
  }
  return { first, last };
}
