import { expect, test, vi } from "vitest";
import { losses } from "../../test/loss-fixture.ts";
import type { SequencedEvent } from "../domain/audit-event.ts";
import { createDroppedRange } from "./dropped-range.ts";
import { type EncodedEvent, encodeEvent } from "./event-line.ts";
import { createEventQueue } from "./event-queue.ts";

const event = (i: number): EncodedEvent =>
  encodeEvent({
    ...{ eventId: String(i), kind: "prediction.served", actor: "a", subject: "s", occurredAtMs: i, payload: {} },
    ...{ producer: "p", sequence: i + 1 },
  });
const eventsOf = (events: readonly EncodedEvent[]): SequencedEvent[] => events.map(({ line }) => JSON.parse(line));
const newRange = () => createDroppedRange({ producer: "p", sink: "file", newId: () => "gap", now: () => -1 });

test("events are written in order, many in one write", async () => {
  const { counts, lost } = losses();
  const written: number[][] = [];
  const queue = createEventQueue({
    async write(events) {
      written.push(events.map(({ sequence }) => (sequence ?? 0) - 1));
      return [];
    },
    ...{ lost, range: newRange() },
  });
  for (let i = 0; i < 450; i++) queue.record(event(i));
  await queue.stop(2_000);
  expect(written.flat()).toEqual(Array.from({ length: 450 }, (_, i) => i));
  expect(written.length).toBe(3);
  expect(counts).toEqual({});
});

test("a full queue drops the newest event and counts it; then the sink gets an event about the gap", async () => {
  const { counts, lost } = losses();
  const written: SequencedEvent[] = [];
  const write = async (events: readonly EncodedEvent[]) => {
    written.push(...eventsOf(events));
    return [];
  };
  const queue = createEventQueue({ write, lost, range: newRange(), capacity: 3 });
  for (let i = 0; i < 3; i++) queue.record(event(i));
  expect(counts).toEqual({});
  queue.record(event(3));
  queue.record(event(4));
  expect(counts).toEqual({ queue_full: 2 });
  await vi.waitFor(() => expect(written).toHaveLength(4), { timeout: 10_000 });
  await queue.stop(2_000);
  expect(written.filter(({ sequence }) => sequence !== null).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(written.filter(({ sequence }) => sequence === null)).toMatchObject([
    { kind: "events.dropped", payload: { events: 2, first_sequence: 4, last_sequence: 5, reasons: { queue_full: 2 } } },
  ]);
});

test("a failed write drops only the events of that write, and the gap is written with the next ones", async () => {
  const { counts, lost } = losses();
  const written: SequencedEvent[] = [];
  let isFull = true;
  const queue = createEventQueue({
    async write(events) {
      if (isFull) throw new Error("disk full");
      written.push(...eventsOf(events));
      return [];
    },
    ...{ lost, range: newRange() },
  });
  queue.record(event(0));
  await vi.waitFor(() => expect(counts).toEqual({ write_failed: 1 }), { timeout: 10_000 });
  isFull = false;
  queue.record(event(1));
  await queue.stop(2_000);
  expect(written.map(({ sequence }) => sequence)).toEqual([null, 2]);
  expect(written[0]?.payload).toMatchObject({ events: 1, first_sequence: 1, last_sequence: 1 });
  expect(counts).toEqual({ write_failed: 1 });
});

test("events for which there is no space are dropped; the stop writes the gap beyond the limit", async () => {
  const { counts, lost } = losses();
  const written: SequencedEvent[] = [];
  const queue = createEventQueue({
    async write(events, { beyondLimit }) {
      if (!beyondLimit) return [...events.keys()];
      written.push(...eventsOf(events));
      return [];
    },
    ...{ lost, range: newRange() },
  });
  for (let i = 0; i < 3; i++) queue.record(event(i));
  await queue.stop(2_000);
  expect(counts).toEqual({ spool_full: 3 });
  expect(written.map(({ payload }) => payload)).toMatchObject([{ events: 3, first_sequence: 1, last_sequence: 3 }]);
});

test("events that were dropped elsewhere are in a gap event, without a further call", async () => {
  const { counts, lost } = losses();
  const written: SequencedEvent[] = [];
  const write = async (events: readonly EncodedEvent[]) => {
    written.push(...eventsOf(events));
    return [];
  };
  const queue = createEventQueue({ write, lost, range: newRange() });
  queue.dropped(2, "rejected");
  await vi.waitFor(() => expect(written).toHaveLength(1), { timeout: 10_000 });
  expect(written[0]?.payload).toMatchObject({ events: 2, reasons: { rejected: 2 } });
  expect(counts).toEqual({ rejected: 2 });
  await queue.stop(2_000);
});

test("stop does not wait for a writer that hangs, and counts the events that were not written", async () => {
  const { counts, lost } = losses();
  const queue = createEventQueue({ write: () => new Promise(() => {}), lost, range: newRange() });
  for (let i = 0; i < 250; i++) queue.record(event(i));
  await queue.stop(50);
  queue.record(event(250));
  expect(counts).toEqual({ stopped: 251 });
});
