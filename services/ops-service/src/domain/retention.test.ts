import { isoWeekNumber } from "@bellwether/contract/iso-week";
import fc from "fast-check";
import { expect, test } from "vitest";
import { oldestKeptWeek } from "./retention.ts";

test.each([
  ["2026-W47", 1, "2026-W47"],
  ["2026-W47", 2, "2026-W46"],
  ["2026-W47", 53, "2025-W47"],
  ["2027-W01", 2, "2026-W53"],
  ["2026-W01", 8, "2025-W46"],
])("of %s and %i weeks, the oldest is %s", (newest, weeks, oldest) => {
  expect(oldestKeptWeek(newest, weeks)).toBe(oldest);
});

test("exactly the given number of weeks is kept, across years", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 1, max: 2_000 }), (week, weeks) => {
      const newest = oldestKeptWeek("2060-W01", week + 1);
      const [last, first] = [newest, oldestKeptWeek(newest, weeks)].map((text) => isoWeekNumber(text) ?? Number.NaN);
      expect((last ?? 0) - (first ?? 0)).toBe(weeks - 1);
    }),
  );
});
