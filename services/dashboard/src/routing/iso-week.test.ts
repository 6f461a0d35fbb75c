import { expect, test } from "vitest";
import { isoWeekNumber } from "./iso-week.ts";

test("successive weeks differ by one within a year and across years", () => {
  const numbers = ["2026-W51", "2026-W52", "2026-W53", "2027-W01"].map(isoWeekNumber);
  const [first = Number.NaN] = numbers;
  expect(numbers).toEqual([first, first + 1, first + 2, first + 3]);
  expect(isoWeekNumber("2025-W01")).toBe((isoWeekNumber("2024-W52") ?? 0) + 1);
});

test("what is no ISO week has no number", () => {
  for (const week of ["", "2026-W00", "2026-W54", "2025-W53", "2026-47", "2026-W7", "W47"]) {
    expect(isoWeekNumber(week), week).toBeUndefined();
  }
});
