import { expect, test } from "vitest";
import { changePause, latestPause, pausesOf } from "./pause.ts";
import { type DueTicksOptions, dueTicks } from "./weekly-ticks.ts";

const at = (text: string): number => Date.parse(text);
const DAY_MS = 86_400_000;

function due(now: string, changes: Partial<DueTicksOptions> = {}): string[] {
  const options = { cron: "0 6 * * 1", timeZone: "UTC", sinceMs: 0, lookBackMs: 28 * DAY_MS, pauses: [], ...changes };
  return dueTicks({ ...options, nowMs: at(now) }).map(
    ({ week, scheduledMs }) => `${week} ${new Date(scheduledMs).toISOString()}`,
  );
}

test("a tick belongs to the week for which it was scheduled, however late it is worked off", () => {
  const tick = "2026-W48 2026-11-23T06:00:00.000Z";
  for (const now of [
    "2026-11-23T06:00:00.000Z",
    "2026-11-23T06:00:00.001Z",
    "2026-11-29T23:59:59Z",
    "2026-11-30T05:59:59.999Z",
  ])
    expect(due(now).at(-1)).toBe(tick);
  expect(due("2026-11-23T05:59:59.999Z").at(-1)).toBe("2026-W47 2026-11-16T06:00:00.000Z");
});

test("missed ticks are listed oldest first, up to the look-back and from the beginning of the schedule", () => {
  const now = "2026-11-24T12:00:00Z";
  expect(due(now).map((tick) => tick.slice(0, 8))).toEqual(["2026-W45", "2026-W46", "2026-W47", "2026-W48"]);
  expect(due(now, { lookBackMs: 8 * DAY_MS })).toHaveLength(1);
  expect(due(now, { lookBackMs: 9 * DAY_MS })).toHaveLength(2);
  expect(due(now, { sinceMs: at("2026-11-16T06:00:00Z") })).toHaveLength(2);
  expect(due(now, { sinceMs: at("2026-11-16T06:00:00.001Z") })).toHaveLength(1);
  expect(due(now, { sinceMs: at(now) })).toEqual([]);
});

test("the week is that of the schedule's time zone, also across a change of the clocks", () => {
  // Monday, 00:30 in Berlin is Sunday in UTC.
  const night = { cron: "30 0 * * 1", timeZone: "Europe/Berlin", lookBackMs: 3 * DAY_MS };
  expect(due("2026-10-26T12:00:00Z", night)).toEqual(["2026-W44 2026-10-25T23:30:00.000Z"]);
  expect(due("2026-03-30T12:00:00Z", night)).toEqual(["2026-W14 2026-03-29T22:30:00.000Z"]);
});

test("of several ticks in a week the latest one counts, and a tick every minute costs no more", () => {
  expect(due("2026-11-25T12:00:00Z", { cron: "0 6 * * *", lookBackMs: 10 * DAY_MS })).toEqual([
    "2026-W47 2026-11-22T06:00:00.000Z",
    "2026-W48 2026-11-25T06:00:00.000Z",
  ]);
  expect(due("2026-11-25T12:00:30Z", { cron: "* * * * *", lookBackMs: 400 * DAY_MS })).toHaveLength(53);
});

test("a pattern that matches no time has no ticks", () => {
  expect(due("2026-11-25T12:00:00Z", { cron: "0 6 30 2 *" })).toEqual([]);
});

test("ticks in a pause are not due, before and after it they are", () => {
  const now = "2026-11-24T12:00:00Z";
  const pause = { fromMs: at("2026-11-09T06:00:00Z"), toMs: at("2026-11-16T06:00:00Z") };
  expect(due(now, { pauses: [pause] }).map((tick) => tick.slice(0, 8))).toEqual(["2026-W45", "2026-W47", "2026-W48"]);
});

test("a pause that has ended is remembered, and a repeated request does not move its beginning", () => {
  const begun = { paused: false, changedMs: 0, sinceMs: 5 };
  const paused = changePause(changePause(begun, true, 10), true, 20);
  expect(paused).toEqual({ paused: true, changedMs: 10, sinceMs: 5 });
  expect(pausesOf(paused)).toEqual([{ fromMs: 10, toMs: Number.POSITIVE_INFINITY }]);
  const resumed = changePause(paused, false, 30);
  expect(resumed).toEqual({ paused: false, changedMs: 30, sinceMs: 5, pauses: [{ fromMs: 10, toMs: 30 }] });
  expect(pausesOf(changePause(resumed, false, 40))).toEqual([{ fromMs: 10, toMs: 30 }]);
});

test("the schedule began at the earlier beginning that the queue's store or the file has", () => {
  const state = (changedMs: number, sinceMs?: number) => ({ paused: false, changedMs, sinceMs });
  expect(latestPause(state(1, 7), state(2, 9))).toMatchObject({ changedMs: 2, sinceMs: 7 });
  expect(latestPause(state(1), state(2, 9))).toMatchObject({ sinceMs: 9 });
  expect(latestPause(null, state(2, 9))).toMatchObject({ changedMs: 2, sinceMs: 9 });
  expect(latestPause(null, null)).toEqual({ paused: false, changedMs: 0, sinceMs: undefined });
});
