import { expect, test, vi } from "vitest";
import { losses } from "../../test/loss-fixture.ts";
import type { AuditEvent } from "../domain/audit-event.ts";
import { createEventQueue } from "./event-queue.ts";

const event = (i: number): AuditEvent => ({
  eventId: String(i),
  kind: "prediction.served",
  actor: "a",
  subject: "s",
  occurredAtMs: i,
  payload: {},
});

test("events are written in order, many in one write", async () => {
  const { counts, lost } = losses();
  const written: number[][] = [];
  const queue = createEventQueue({
    write: async (events) => void written.push(events.map((e) => e.occurredAtMs)),
    lost,
  });
  for (let i = 0; i < 450; i++) queue.record(event(i));
  await queue.stop(2_000);
  expect(written.flat()).toEqual(Array.from({ length: 450 }, (_, i) => i));
  expect(written.length).toBe(3);
  expect(counts).toEqual({});
});

test("a full queue drops the newest event and counts it", async () => {
  const { counts, lost } = losses();
  const written: AuditEvent[] = [];
  const queue = createEventQueue({ write: async (events) => void written.push(...events), lost, capacity: 3 });
  for (let i = 0; i < 3; i++) queue.record(event(i));
  expect(counts).toEqual({});
  queue.record(event(3));
  expect(counts).toEqual({ queue_full: 1 });
  await queue.stop(2_000);
  expect(written.map((e) => e.occurredAtMs)).toEqual([0, 1, 2]);
});

test("a failed write drops only the events of that write", async () => {
  const { counts, lost } = losses();
  const written: number[] = [];
  const queue = createEventQueue({
    async write(events) {
      if (events[0]?.occurredAtMs === 0) throw new Error("disk full");
      written.push(...events.map((e) => e.occurredAtMs));
    },
    lost,
  });
  queue.record(event(0));
  await vi.waitFor(() => expect(counts).toEqual({ write_failed: 1 }));
  queue.record(event(1));
  await queue.stop(2_000);
  expect(written).toEqual([1]);
});

test("stop does not wait for a writer that hangs, and counts the events that were not written", async () => {
  const { counts, lost } = losses();
  const queue = createEventQueue({ write: () => new Promise(() => {}), lost });
  for (let i = 0; i < 250; i++) queue.record(event(i));
  await queue.stop(50);
  queue.record(event(250));
  expect(counts).toEqual({ stopped: 251 });
});
