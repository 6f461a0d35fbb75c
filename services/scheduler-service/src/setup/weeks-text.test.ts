import { expect, test } from "vitest";
import { weeksText } from "./weeks-text.ts";

const EMPTY = { lastComplete: null, missed: [], held: [], failed: [], waiting: [] };
const NEXT_MS = Date.parse("2026-11-30T06:00:00Z");

test("the line has the last complete week, the next run and the weeks that need a person", () => {
  const waiting = [{ week: "2026-W48", scheduledMs: 0, deadlineMs: null, reason: "week.csv does not exist" }];
  const state = { ...EMPTY, lastComplete: "2026-W47", missed: ["2026-W44", "2026-W45"], held: ["2026-W46"], waiting };
  expect(weeksText(state, { paused: false, nextRunMs: NEXT_MS })).toBe(
    "last complete week: 2026-W47; next run: 2026-11-30T06:00:00.000Z; missed: 2026-W44, 2026-W45; held: 2026-W46; failed: none; waiting: 2026-W48",
  );
});

test("a paused schedule and one without a next run are said, and many weeks are counted", () => {
  expect(weeksText(EMPTY, { paused: true, nextRunMs: null })).toContain("next run: none, the schedule is paused;");
  expect(weeksText(EMPTY, { paused: false, nextRunMs: null })).toContain("last complete week: none; next run: none;");
  const missed = Array.from({ length: 12 }, (_, i) => `2026-W${i + 10}`);
  expect(weeksText({ ...EMPTY, missed }, { paused: true, nextRunMs: null })).toContain(
    "missed: 2026-W12, 2026-W13, 2026-W14, 2026-W15, 2026-W16, 2026-W17, 2026-W18, 2026-W19, 2026-W20, 2026-W21 and 2 more",
  );
});
