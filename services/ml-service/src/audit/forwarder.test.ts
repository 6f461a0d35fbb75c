import { expect, test, vi } from "vitest";
import { losses } from "../../test/loss-fixture.ts";
import type { AuditEvent } from "../domain/audit-event.ts";
import { SinkRejectedError } from "../domain/audit-ports.ts";
import { lineFromEvent } from "./event-line.ts";
import { startForwarder } from "./forwarder.ts";

const SILENT = { info: () => {}, warn: () => {} };
const event = (i: number): AuditEvent => ({
  eventId: `event-${i}`,
  kind: "prediction.served",
  actor: "a",
  subject: `S${i}`,
  occurredAtMs: 1_000 + i,
  payload: { i },
});
const numbersOf = (events: readonly AuditEvent[]) => events.map(({ payload }) => payload.i);

/** Returns a spool in memory: each list of lines is a segment. */
function memorySpool(...segments: string[][]) {
  return {
    segments,
    oldest: async () => {
      const [lines] = segments;
      return lines === undefined ? null : { lines, remove: async () => void segments.shift() };
    },
  };
}
const linesOf = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => lineFromEvent(event(from + i)));

test("segments are sent in order, at most 500 events per message, and then removed", async () => {
  const { counts, lost } = losses();
  const sent: unknown[][] = [];
  const spool = memorySpool(linesOf(0, 501), linesOf(501, 502));
  const forwarder = startForwarder({
    ...{ spool, lost, logger: SILENT },
    append: async (events) => void sent.push(numbersOf(events)),
  });
  await forwarder.stop(2_000);
  expect(sent.map(({ length }) => length)).toEqual([500, 1, 1]);
  expect(sent.flat()).toEqual(Array.from({ length: 502 }, (_, i) => i));
  expect(spool.segments).toEqual([]);
  expect(counts).toEqual({});
});

test("events that went through the spool are unchanged", async () => {
  const sent: AuditEvent[] = [];
  const forwarder = startForwarder({
    ...{ spool: memorySpool(linesOf(7, 8)), lost: () => {}, logger: SILENT },
    append: async (events) => void sent.push(...events),
  });
  await forwarder.stop(2_000);
  expect(sent).toEqual([event(7)]);
});

test("while the audit log does not answer, sending is retried and logged once; then all events are sent", async () => {
  const warn = vi.fn();
  const info = vi.fn();
  const sent: unknown[] = [];
  let attempts = 0;
  const forwarder = startForwarder({
    ...{ spool: memorySpool(linesOf(0, 3)), lost: () => {}, logger: { info, warn } },
    async append(events) {
      if (++attempts < 3) throw new Error("away");
      sent.push(...numbersOf(events));
    },
  });
  await vi.waitFor(() => expect(sent).toEqual([0, 1, 2]), { timeout: 10_000 });
  await vi.waitFor(() => expect(info).toHaveBeenCalledTimes(1));
  expect(warn).toHaveBeenCalledTimes(1);
  await forwarder.stop(2_000);
});

test("an event that the audit log rejects is counted as dropped; all other events are sent", async () => {
  const { counts, lost } = losses();
  const sent: unknown[] = [];
  const forwarder = startForwarder({
    ...{ spool: memorySpool(linesOf(0, 100)), lost, logger: SILENT },
    async append(events) {
      if (numbersOf(events).includes(37)) throw new SinkRejectedError("no");
      sent.push(...numbersOf(events));
    },
  });
  await forwarder.stop(2_000);
  expect(sent).toEqual(Array.from({ length: 100 }, (_, i) => i).filter((i) => i !== 37));
  expect(counts).toEqual({ rejected: 1 });
});

test("a line that is not an event is dropped and counted", async () => {
  const { counts, lost } = losses();
  const sent: unknown[] = [];
  const [first = "", second = ""] = linesOf(0, 2);
  const forwarder = startForwarder({
    ...{ spool: memorySpool([first, "{", "null", "\0\0", '{"event_id":1}', second]), lost, logger: SILENT },
    append: async (events) => void sent.push(...numbersOf(events)),
  });
  await forwarder.stop(2_000);
  expect(sent).toEqual([0, 1]);
  expect(counts).toEqual({ cut_short: 4 });
});

test("stop cancels a call that hangs, and events that were not sent stay in the spool", async () => {
  const spool = memorySpool(linesOf(0, 3));
  const forwarder = startForwarder({
    ...{ spool, lost: () => {}, logger: SILENT },
    append: (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });
  await forwarder.stop(30);
  expect(spool.segments).toHaveLength(1);
});
