import { expect, test } from "vitest";
import {
  checkWeekBegun,
  FutureWeekError,
  IsoWeekError,
  isFutureWeek,
  isoWeekAt,
  isoWeekEnd,
  isoWeekNumber,
  isoWeekOfNumber,
  isoWeekStart,
  newestIsoWeek,
  parseIsoWeek,
} from "./iso-week.ts";

test("accepts the weeks of a year, 52 or 53", () => {
  expect(["2026-W01", "2026-W53", "2025-W52"].map(parseIsoWeek)).toEqual(["2026-W01", "2026-W53", "2025-W52"]);
  expect(() => parseIsoWeek("2025-W53")).toThrow('"2025-W53" is not an ISO week: 2025 has the weeks W01 to W52');
  expect(() => parseIsoWeek("2026-W00")).toThrow("2026 has the weeks W01 to W53");
});

test.each(["", "2026-W7", "2026-47", "W47", "2026-W47 ", "2026-w47", "../2026-W47"])("rejects %j", (text) => {
  expect(() => parseIsoWeek(text)).toThrow(IsoWeekError);
  expect(() => parseIsoWeek(text)).toThrow("expected a year and a week such as 2026-W47");
});

test("a week belongs to the year of its Thursday", () => {
  expect(isoWeekAt(new Date("2026-12-31T12:00:00Z"), "UTC")).toBe("2026-W53");
  expect(isoWeekAt(new Date("2027-01-03T12:00:00Z"), "UTC")).toBe("2026-W53");
  expect(isoWeekAt(new Date("2027-01-04T12:00:00Z"), "UTC")).toBe("2027-W01");
  expect(isoWeekAt(new Date("2024-12-30T12:00:00Z"), "UTC")).toBe("2025-W01");
});

test("a Monday begins at midnight in the time zone", () => {
  const moment = new Date("2026-11-15T23:30:00Z");
  expect(isoWeekAt(moment, "UTC")).toBe("2026-W46");
  expect(isoWeekAt(moment, "Europe/Berlin")).toBe("2026-W47");
});

test("a week has begun as soon as its Monday has begun somewhere on Earth, and not before", () => {
  // 2026-W49 begins on Monday, 30 November: at 10:00 UTC on Sunday in the first time zone.
  const before = new Date("2026-11-29T09:59:59Z");
  const after = new Date("2026-11-29T10:00:00Z");
  expect([newestIsoWeek(before), newestIsoWeek(after)]).toEqual(["2026-W48", "2026-W49"]);
  expect(() => checkWeekBegun("2026-W49", before, false)).toThrow(
    "2026-W49 has not begun, the current ISO week is 2026-W48",
  );
  expect(() => checkWeekBegun("2026-W49", before, true)).not.toThrow();
  expect(() => checkWeekBegun("2026-W49", after, false)).not.toThrow();
  expect(() => checkWeekBegun("2099-W43", after, false)).toThrow(FutureWeekError);
  expect(() => checkWeekBegun("1999-W52", after, false)).not.toThrow();
});

test("a week may be forced 8 weeks ahead and no further", () => {
  const now = new Date("2026-11-25T12:00:00Z"); // The current week is 2026-W48.
  for (const week of ["2026-W49", "2027-W03"]) expect(() => checkWeekBegun(week, now, true)).not.toThrow();
  for (const week of ["2027-W04", "9999-W01"]) {
    expect(() => checkWeekBegun(week, now, true)).toThrow(FutureWeekError);
    expect(() => checkWeekBegun(week, now, true)).toThrow(
      "correct the week; 2027-W03 is the last one that may be forced",
    );
  }
});

test("rejects a week more than 30 years back, forced or not", () => {
  const now = new Date("2026-11-25T12:00:00Z");
  for (const isForced of [true, false]) {
    expect(() => checkWeekBegun("1996-W48", now, isForced)).not.toThrow();
    for (const week of ["1996-W47", "0000-W01"]) {
      expect(() => checkWeekBegun(week, now, isForced)).toThrow(IsoWeekError);
      expect(() => checkWeekBegun(week, now, isForced)).toThrow(
        `"${week}" is too old: expected a week of the last 30 years, from 1996-W48 on`,
      );
    }
  }
});

test("the last week of a year is before the first of the next", () => {
  const lastOf2026 = new Date("2026-12-31T00:00:00Z");
  expect(newestIsoWeek(lastOf2026)).toBe("2026-W53");
  expect(isFutureWeek("2027-W01", lastOf2026)).toBe(true);
  expect(isFutureWeek("2026-W53", lastOf2026)).toBe(false);
});

test.each([
  ["2026-W01", "2025-12-29"],
  ["2026-W47", "2026-11-16"],
  ["2026-W53", "2026-12-28"],
  ["2027-W01", "2027-01-04"],
])("%s begins on Monday %s", (week, monday) => {
  expect(isoWeekStart(week)).toBe(monday);
});

test("a week ends on the Sunday after its Monday, and its number leads back to it", () => {
  expect(["2026-W01", "2026-W47", "2026-W53"].map(isoWeekEnd)).toEqual(["2026-01-04", "2026-11-22", "2027-01-03"]);
  for (const week of ["1999-W52", "2008-W01", "2026-W53", "2027-W01"])
    expect(isoWeekOfNumber(isoWeekNumber(week) ?? 0)).toBe(week);
});

test("successive weeks differ by one within a year and across years", () => {
  const numbers = ["2026-W51", "2026-W52", "2026-W53", "2027-W01"].map(isoWeekNumber);
  const [first = Number.NaN] = numbers;
  expect(numbers).toEqual([first, first + 1, first + 2, first + 3]);
  expect(isoWeekNumber("2025-W01")).toBe((isoWeekNumber("2024-W52") ?? 0) + 1);
});

test("a text that is not an ISO week has no number", () => {
  for (const week of ["", "2026-W00", "2026-W54", "2025-W53", "2026-47", "2026-W7", "W47"]) {
    expect(isoWeekNumber(week), week).toBeUndefined();
  }
});
