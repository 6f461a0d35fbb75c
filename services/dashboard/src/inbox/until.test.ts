import { expect, test } from "vitest";
import { dayOf, endOfDay, endOfDayAfter, tomorrow } from "./until.ts";

test("a period ends with the last day, in the reader's time zone", () => {
  const end = endOfDayAfter(7, new Date(2026, 11, 28, 9, 30));
  expect([dayOf(end), end.getHours(), end.getMinutes()]).toEqual(["2027-01-04", 23, 59]);
  expect(tomorrow(new Date(2026, 11, 31, 12))).toBe("2027-01-01");
});

test("a day of a date field is its end, and what is not a day is undefined", () => {
  expect(dayOf(endOfDay("2026-12-24") ?? new Date(0))).toBe("2026-12-24");
  expect(["", "soon", "2026-13-40", "24.12.2026"].map(endOfDay)).toEqual(Array(4).fill(undefined));
});
