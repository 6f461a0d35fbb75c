import { expect, test } from "vitest";
import { expandInput, hasWeekPlaceholder, InputPatternError } from "./expand-input.ts";

test("{week} and {date} become the week and its Monday, also in a folder and more than once", () => {
  expect(expandInput("in/{week}/risk-{date}.csv", "2026-W47")).toBe("in/2026-W47/risk-2026-11-16.csv");
  expect(expandInput("{week}/{week}", "2026-W01")).toBe("2026-W01/2026-W01");
  // The Monday of the first week of 2026 is in 2025.
  expect(expandInput("{date}", "2026-W01")).toBe("2025-12-29");
});

test("a name without a placeholder is unchanged, also with braces that are not one", () => {
  for (const name of ["week.csv", "week{1}.csv", "a{}.csv", "{we ek}.csv"]) {
    expect(expandInput(name, "2026-W47")).toBe(name);
    expect(hasWeekPlaceholder(name)).toBe(false);
  }
  expect(hasWeekPlaceholder("{date}.csv")).toBe(true);
});

test("an unknown placeholder is named, with the two that exist", () => {
  expect(() => expandInput("in/{wek}.csv", "2026-W47")).toThrow(InputPatternError);
  expect(() => hasWeekPlaceholder("in/{wek}.csv")).toThrow("contains {wek}; expected {week} (for example 2026-W47)");
});
