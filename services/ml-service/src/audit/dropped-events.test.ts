import { expect, test } from "vitest";
import { countDroppedEvents } from "./dropped-events.ts";

test("dropped events are logged at most once per minute, with the number of all that were dropped since the last line", () => {
  const logged: unknown[] = [];
  let nowMs = 1_000_000;
  const lost = countDroppedEvents({ warn: (line: unknown) => void logged.push(line) }, "ops", () => nowMs);
  lost(0, "queue_full");
  lost(2, "queue_full");
  lost(3, "queue_full");
  nowMs += 59_999;
  lost(4, "spool_full");
  expect(logged).toEqual([{ events: 2, reason: "queue_full", sink: "ops" }]);
  nowMs += 1;
  lost(1, "spool_full");
  expect(logged[1]).toEqual({ events: 8, reason: "spool_full", sink: "ops" });
});
