import { expect, test } from "vitest";
import { sumOf, weekState } from "./week-report.ts";

test.each([
  ["2026-W48", "2026-W48", "current"],
  ["2026-W47", "2026-W48", "current"],
  ["2026-W46", "2026-W48", "late"],
  ["2026-W45", "2026-W48", "stale"],
  ["2026-W53", "2027-W01", "current"],
  ["2026-W52", "2027-W01", "late"],
  ["2026-W50", "2026-W48", "current"],
])("the latest week %s in the week %s is %s", (latest, current, state) => {
  expect(weekState(latest, current)).toBe(state);
});

test("a sum is not known when one of its parts is not known", () => {
  const total = { band: "low", suppliers: 2, impact: 5, withoutExposure: 1, incomplete: 1 } as const;
  expect(sumOf([total, { ...total, band: "high" }], "impact")).toBe(10);
  expect(sumOf([total, { ...total, incomplete: null }], "incomplete")).toBeNull();
  expect(sumOf([], "suppliers")).toBe(0);
});
