import { expect, test, vi } from "vitest";
import { losses } from "../../test/loss-fixture.ts";
import type { SequencedEvent, SpooledEvent } from "../domain/audit-event.ts";
import { SinkEndedError, SinkRejectedError, type SpooledEventDestination } from "../domain/audit-ports.ts";
import { lineFromEvent } from "./event-line.ts";
import { startForwarder } from "./forwarder.ts";

const SILENT = { info: () => {}, warn: () => {} };
const event = (i: number): SequencedEvent => ({
  eventId: `event-${i}`,
  kind: "prediction.served",
  actor: "a",
  subject: `S${i}`,
  occurredAtMs: 1_000 + i,
  payload: { i },
  producer: "p",
  sequence: i + 1,
});
const to = (send: SpooledEventDestination["send"]) => ({
  open: async () => ({ maxEvents: 500, send, close: async () => {} }),
});
const numbersOf = (events: readonly SpooledEvent[]) => events.map(({ payloadJson }) => JSON.parse(payloadJson).i);
const spooled = ({ payload, ...rest }: SequencedEvent): SpooledEvent => ({
  ...rest,
  payloadJson: JSON.stringify(payload),
});

/** Returns a spool in memory: each list of lines is a segment. */
function memorySpool(...segments: string[][]) {
  return {
    segments,
    oldest: async () => {
      const [lines] = segments;
      if (lines === undefined) return null;
      const { length } = lines;
      return {
        length,
        lines: (from: number, end: number) => lines.slice(from, end),
        remove: async () => void segments.shift(),
      };
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
    ...to(async (events) => void sent.push(numbersOf(events))),
  });
  await forwarder.stop(2_000);
  expect(sent.map(({ length }) => length)).toEqual([500, 1, 1]);
  expect(sent.flat()).toEqual(Array.from({ length: 502 }, (_, i) => i));
  expect(spool.segments).toEqual([]);
  expect(counts).toEqual({});
});

test("events that went through the spool are unchanged", async () => {
  const sent: SpooledEvent[] = [];
  const forwarder = startForwarder({
    ...{ spool: memorySpool(linesOf(7, 8)), lost: () => {}, logger: SILENT },
    ...to(async (events) => void sent.push(...events)),
  });
  await forwarder.stop(2_000);
  expect(sent).toEqual([spooled(event(7))]);
});

test("after a failure in the middle of a segment, batches that are stored are not sent again", async () => {
  const sent: unknown[][] = [];
  const spool = memorySpool(linesOf(0, 4), linesOf(4, 5));
  let attempts = 0;
  const send: SpooledEventDestination["send"] = async (events) => {
    if (++attempts === 2) throw new Error("away");
    sent.push(numbersOf(events));
  };
  const open = async () => ({ maxEvents: 2, send, close: async () => {} });
  const forwarder = startForwarder({ ...{ spool, lost: () => {}, logger: SILENT }, open });
  await vi.waitFor(() => expect(spool.segments).toEqual([]), { timeout: 10_000 });
  await forwarder.stop(2_000);
  expect(sent).toEqual([[0, 1], [2, 3], [4]]);
});

test("while the destination does not answer, sending is retried and logged once; then all events are sent", async () => {
  const warn = vi.fn();
  const info = vi.fn();
  const sent: unknown[] = [];
  let attempts = 0;
  const forwarder = startForwarder({
    ...{ spool: memorySpool(linesOf(0, 3)), lost: () => {}, logger: { info, warn } },
    ...to(async (events) => {
      if (++attempts < 3) throw new Error("away");
      sent.push(...numbersOf(events));
    }),
  });
  await vi.waitFor(() => expect(sent).toEqual([0, 1, 2]), { timeout: 10_000 });
  await vi.waitFor(() => expect(info).toHaveBeenCalledTimes(1));
  expect(warn).toHaveBeenCalledTimes(1);
  await forwarder.stop(2_000);
});

test("an event that the destination rejects is counted as dropped; all other events are sent", async () => {
  const { counts, lost } = losses();
  const sent: unknown[] = [];
  const forwarder = startForwarder({
    ...{ spool: memorySpool(linesOf(0, 100)), lost, logger: SILENT },
    ...to(async (events) => {
      if (numbersOf(events).includes(37)) throw new SinkRejectedError("no");
      sent.push(...numbersOf(events));
    }),
  });
  await forwarder.stop(2_000);
  expect(sent).toEqual(Array.from({ length: 100 }, (_, i) => i).filter((i) => i !== 37));
  expect(counts).toEqual({ rejected: 1 });
});

test("an event that was rejected is counted once, although later events of its message are sent again", async () => {
  const { counts, lost } = losses();
  const sent: unknown[] = [];
  let failures = 1;
  const forwarder = startForwarder({
    ...{ spool: memorySpool(linesOf(0, 4)), lost, logger: SILENT },
    ...to(async (events) => {
      const numbers = numbersOf(events);
      if (numbers.includes(1)) throw new SinkRejectedError("no");
      if (numbers.includes(3) && failures-- > 0) throw new Error("away");
      sent.push(...numbers);
    }),
  });
  await vi.waitFor(() => expect(sent).toEqual([0, 2, 3]), { timeout: 10_000 });
  await forwarder.stop(2_000);
  expect(counts).toEqual({ rejected: 1 });
});

test("an event with which the destination ends every time is dropped; the events around it are sent", async () => {
  const { counts, lost } = losses();
  const sent: unknown[] = [];
  const spool = memorySpool(linesOf(0, 3), linesOf(3, 4));
  const attempts: unknown[][] = [];
  const forwarder = startForwarder({
    ...{ spool, lost, logger: SILENT },
    ...to(async (events) => {
      attempts.push(numbersOf(events));
      if (numbersOf(events).includes(1)) throw new SinkEndedError("its thread has ended");
      sent.push(...numbersOf(events));
    }),
  });
  await vi.waitFor(() => expect(spool.segments).toEqual([]), { timeout: 30_000 });
  await forwarder.stop(2_000);
  expect(attempts).toEqual([[0, 1, 2], [0], [1, 2], [1], [1], [1], [2], [3]]);
  expect(sent).toEqual([0, 2, 3]);
  expect(counts).toEqual({ sink_ended: 1 });
}, 60_000);

test("an event with which the destination ended fewer times is sent", async () => {
  const { counts, lost } = losses();
  const sent: unknown[] = [];
  let ends = 2;
  const forwarder = startForwarder({
    ...{ spool: memorySpool(linesOf(0, 1)), lost, logger: SILENT },
    ...to(async (events) => {
      if (ends-- > 0) throw new SinkEndedError("its thread has ended");
      sent.push(...numbersOf(events));
    }),
  });
  await vi.waitFor(() => expect(sent).toEqual([0]), { timeout: 30_000 });
  await forwarder.stop(2_000);
  expect(counts).toEqual({});
}, 60_000);

test("a line that is not an event is dropped and counted", async () => {
  const { counts, lost } = losses();
  const sent: unknown[] = [];
  const [first = "", second = ""] = linesOf(0, 2);
  const forwarder = startForwarder({
    ...{ spool: memorySpool([first, "{", "null", "\0\0", '{"event_id":1}', second]), lost, logger: SILENT },
    ...to(async (events) => void sent.push(...numbersOf(events))),
  });
  await forwarder.stop(2_000);
  expect(sent).toEqual([0, 1]);
  expect(counts).toEqual({ cut_short: 4 });
});

test("stop cancels a call that hangs, and events that were not sent stay in the spool", async () => {
  const spool = memorySpool(linesOf(0, 3));
  const forwarder = startForwarder({
    ...{ spool, lost: () => {}, logger: SILENT },
    ...to(
      (_, signal) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    ),
  });
  await forwarder.stop(30);
  expect(spool.segments).toHaveLength(1);
});

test("another reason why events are not accepted is logged, the same one is not", async () => {
  const warn = vi.fn();
  const reasons = ["away", "away", "unknown topic"];
  const forwarder = startForwarder({
    ...{ spool: memorySpool(linesOf(0, 1)), lost: () => {}, logger: { info: () => {}, warn } },
    ...to(async () => {
      const reason = reasons.shift();
      if (reason !== undefined) throw new Error(reason);
    }),
  });
  await vi.waitFor(() => expect(reasons).toEqual([]), { timeout: 10_000 });
  await forwarder.stop(2_000);
  expect(warn.mock.calls.map(([fields]) => fields.err.message)).toEqual(["away", "unknown topic"]);
});

test("a gap event that is rejected is not counted, because its own gap event would be rejected too", async () => {
  const { counts, lost } = losses();
  const gap = lineFromEvent({ ...event(0), kind: "events.dropped", sequence: null });
  const forwarder = startForwarder({
    ...{ spool: memorySpool([gap]), lost, logger: SILENT },
    ...to(async () => {
      throw Object.assign(new Error("no"), { name: "SinkRejectedError" });
    }),
  });
  await forwarder.stop(2_000);
  expect(counts).toEqual({});
});

test("lines of a release without sequences are sent", async () => {
  const sent: SpooledEvent[] = [];
  const { producer: _p, sequence: _s, ...old } = JSON.parse(lineFromEvent(event(3)));
  const forwarder = startForwarder({
    ...{ spool: memorySpool([JSON.stringify(old)]), lost: () => {}, logger: SILENT },
    ...to(async (events) => void sent.push(...events)),
  });
  await forwarder.stop(2_000);
  expect(sent).toEqual([{ ...spooled(event(3)), producer: "", sequence: null }]);
});
