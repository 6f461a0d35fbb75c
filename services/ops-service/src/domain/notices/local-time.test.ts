import { expect, test } from "vitest";
import { isWithinDay, minuteOfDay, nextLocalTime } from "./local-time.ts";

const BERLIN = "Europe/Berlin";
const at = (hour: number, minute = 0): number => hour * 60 + minute;
const next = (now: string, timeZone: string, minute: number, weekday: number | null = null): string =>
  nextLocalTime(new Date(now), timeZone, minute, weekday).toISOString().slice(0, 16);

test.each([
  // before and at the time of day
  ["2026-03-16T05:59Z", BERLIN, at(7), null, "2026-03-16T06:00"],
  ["2026-03-16T06:00Z", BERLIN, at(7), null, "2026-03-17T06:00"],
  // the day of the zone is another one than that of UTC
  ["2026-03-16T23:30Z", BERLIN, at(0), null, "2026-03-17T23:00"],
  ["2026-03-16T02:00Z", "America/Los_Angeles", at(20), null, "2026-03-16T03:00"],
  ["2026-03-16T12:00Z", "Pacific/Kiritimati", at(1), null, "2026-03-17T11:00"],
  ["2026-03-16T12:00Z", "Asia/Kathmandu", at(6, 15), null, "2026-03-17T00:30"],
  // a weekday: Monday is 2026-03-16
  ["2026-03-16T05:00Z", BERLIN, at(7), 0, "2026-03-16T06:00"],
  ["2026-03-16T06:00Z", BERLIN, at(7), 0, "2026-03-23T06:00"],
  ["2026-03-16T06:00Z", BERLIN, at(7), 6, "2026-03-22T06:00"],
  // summer time begins on 2026-03-29 and ends on 2026-10-25
  ["2026-03-28T12:00Z", BERLIN, at(7), null, "2026-03-29T05:00"],
  ["2026-03-29T00:00Z", BERLIN, at(2, 30), null, "2026-03-29T01:30"],
  ["2026-10-24T12:00Z", BERLIN, at(7), null, "2026-10-25T06:00"],
] as const)("after %s in %s, %d min after midnight (weekday %j) is at %s", (now, zone, minute, weekday, expected) =>
  expect(next(now, zone, minute, weekday)).toBe(expected),
);

test("a time that occurs twice is found once a day", () => {
  const first = nextLocalTime(new Date("2026-10-24T12:00Z"), BERLIN, at(2, 30), null);
  const second = nextLocalTime(first, BERLIN, at(2, 30), null);
  expect(second.getTime() - first.getTime()).toBeGreaterThan(20 * 3_600_000);
});

test.each([
  [at(18, 59), at(19), at(7), false],
  [at(19), at(19), at(7), true],
  [at(6, 59), at(19), at(7), true],
  [at(7), at(19), at(7), false],
  [at(12), at(12), at(13), true],
  [at(13), at(12), at(13), false],
])("minute %d is within %d to %d: %s", (minute, from, to, within) =>
  expect(isWithinDay(minute, from, to)).toBe(within),
);

test("midnight is minute 0", () => expect(minuteOfDay(new Date("2026-03-16T00:00Z"), "UTC")).toBe(0));
