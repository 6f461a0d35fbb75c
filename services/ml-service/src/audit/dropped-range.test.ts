import { expect, test } from "vitest";
import { createDroppedRange } from "./dropped-range.ts";

const range = () => {
  let ids = 0;
  return createDroppedRange({ producer: "p", sink: "kafka", newId: () => `gap-${ids++}`, now: () => 5 });
};

test("a gap event has the number of dropped events, their first and last sequence, and the reasons", () => {
  const dropped = range();
  expect(dropped.isEmpty).toBe(true);
  expect(dropped.take()).toBeNull();
  dropped.add(1, "queue_full", [7]);
  dropped.add(2, "spool_full", [9, 8]);
  dropped.add(0, "stopped");
  expect(dropped.take()).toEqual({
    ...{ eventId: "gap-0", kind: "events.dropped", actor: "ml-service", subject: "", occurredAtMs: 5 },
    ...{ producer: "p", sequence: null },
    payload: {
      ...{ sink: "kafka", producer: "p", events: 3, first_sequence: 7, last_sequence: 9 },
      reasons: { queue_full: 1, spool_full: 2 },
    },
  });
  expect(dropped.isEmpty).toBe(true);
});

test("a gap event that was not written is merged with what was dropped since", () => {
  const dropped = range();
  dropped.add(1, "queue_full", [3]);
  dropped.take();
  dropped.add(1, "queue_full", [4]);
  dropped.putBack();
  expect(dropped.take()?.payload).toMatchObject({ events: 2, first_sequence: 3, last_sequence: 4 });
});

test("dropped events whose sequence is not known have no first and last sequence", () => {
  const dropped = range();
  dropped.add(1, "rejected");
  expect(dropped.take()?.payload).toEqual({ sink: "kafka", producer: "p", events: 1, reasons: { rejected: 1 } });
});
