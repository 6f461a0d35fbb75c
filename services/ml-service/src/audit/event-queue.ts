import { setTimeout as pause } from "node:timers/promises";
import type { CountDroppedEvents } from "../domain/audit-ports.ts";
import type { DroppedRange } from "./dropped-range.ts";
import { type EncodedEvent, encodeEvent } from "./event-line.ts";

/** Buffers events between the calls, which never wait, and a slower writer. Each sink has its own queue. */
export interface EventQueue {
  /** Returns at once and never throws, even when the event is dropped. */
  record(event: EncodedEvent): void;
  /** Counts events that were dropped elsewhere, so that the next gap event has them. */
  readonly dropped: CountDroppedEvents;
  /**
   * Waits until all recorded events are written, for at most `withinMs`. Events that are left then are
   * counted as dropped.
   */
  stop(withinMs: number): Promise<void>;
}

/** How events are written. */
export interface WriteOptions {
  /** Whether they are written although the limit of the destination is reached: the last gap event. */
  readonly beyondLimit: boolean;
}

export interface EventQueueOptions {
  /**
   * Writes events in order. Returns the positions of the events for which there was no space. When it rejects, all of
   * these events are dropped.
   */
  readonly write: (events: readonly EncodedEvent[], options: WriteOptions) => Promise<readonly number[]>;
  readonly lost: CountDroppedEvents;
  readonly range: DroppedRange;
  /** Maximum number of events in the queue. Default 10,000, which is about 20 MB. */
  readonly capacity?: number;
}

/** Maximum number of events in one write. */
const WRITE_EVENTS = 200;
/**
 * Time for which events are collected before a write, because many small writes are expensive. When the
 * process is killed, the events of this time are lost.
 */
const GATHER_MS = 20;

/**
 * Creates a queue with one writer. When it is full, it drops the newest event, so that a caller never waits. What was
 * dropped is written as an event as soon as there is space.
 */
export function createEventQueue({ write, lost, range, capacity = 10_000 }: EventQueueOptions): EventQueue {
  const waiting: EncodedEvent[] = [];
  let beingWritten: readonly EncodedEvent[] = [];
  let draining: Promise<void> | undefined;
  let isStopped = false;

  const drop = (events: readonly EncodedEvent[], reason: Parameters<CountDroppedEvents>[1]): void => {
    lost(events.length, reason);
    range.add(
      events.length,
      reason,
      events.flatMap(({ sequence }) => sequence ?? []),
    );
  };
  /** Writes events after the gap event of those that were dropped before. Returns whether the gap event was written. */
  const writeAfterGap = async (events: readonly EncodedEvent[], options: WriteOptions): Promise<boolean> => {
    const dropped = range.take();
    const gap = dropped && encodeEvent(dropped);
    const all = gap ? [gap, ...events] : events;
    beingWritten = events;
    let isGapWritten = true;
    const handle = (left: readonly EncodedEvent[], reason: "spool_full" | "write_failed"): void => {
      if (gap && left.includes(gap)) {
        range.putBack();
        isGapWritten = false;
      }
      // After the stop, the events of a write that hung are already counted.
      if (beingWritten === events)
        drop(
          left.filter((event) => event !== gap),
          reason,
        );
    };
    await write(all, options).then(
      (left) =>
        left.length > 0 &&
        handle(
          left.flatMap((at) => all[at] ?? []),
          "spool_full",
        ),
      () => handle(all, "write_failed"),
    );
    beingWritten = [];
    return isGapWritten;
  };
  const drain = async (): Promise<void> => {
    let canWriteGap = true;
    while (waiting.length > 0 || (canWriteGap && !range.isEmpty && !isStopped)) {
      if (waiting.length < WRITE_EVENTS) await pause(GATHER_MS);
      const events = waiting.splice(0, WRITE_EVENTS);
      const didWrite = await writeAfterGap(events, { beyondLimit: false });
      canWriteGap = didWrite || events.length > 0;
    }
    draining = undefined;
  };
  return {
    record(event) {
      if (isStopped) return lost(1, "stopped");
      if (waiting.length >= capacity) return drop([event], "queue_full");
      waiting.push(event);
      draining ??= drain();
    },
    dropped(events, reason) {
      if (events === 0) return;
      lost(events, reason);
      range.add(events, reason);
      if (!isStopped) draining ??= drain();
    },
    async stop(withinMs) {
      const late = pause(withinMs, undefined, { ref: false });
      await Promise.race([draining, late]);
      isStopped = true;
      const left = [...beingWritten, ...waiting.splice(0)];
      const isStuck = draining !== undefined;
      beingWritten = [];
      drop(left, "stopped");
      if (!range.isEmpty && !isStuck) await Promise.race([writeAfterGap([], { beyondLimit: true }), late]);
    },
  };
}
