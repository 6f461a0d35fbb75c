import { expect, test } from "vitest";
import type { ColumnProfile } from "./column-profile.ts";
import { findExchanged } from "./find-exchanged.ts";

/** Profile of a column whose values lie evenly from `min` to `max`. */
function evenly(column: string, min: number, max: number, rows = 1_000): ColumnProfile {
  const at = (share: number): number => min + share * (max - min);
  const quantiles = { p05: at(0.05), p25: at(0.25), median: at(0.5), p75: at(0.75), p95: at(0.95) };
  return {
    ...{ column, kind: "number", rows, missing: 0, distinct: rows, topValue: String(at(0.5)), topRows: 1 },
    numbers: { min, max, mean: at(0.5), ...quantiles },
  };
}

const text = (column: string, topValue: string, distinct: number): ColumnProfile => ({
  ...{ column, kind: "text", rows: 1_000, missing: 0, distinct, topValue, topRows: 500, numbers: null },
});

const BEFORE = { columns: [evenly("delay", 0, 30), evenly("spend", 1_000, 90_000), evenly("share", 0, 1)] };

test("two columns with each other's values are found, once", () => {
  const now = [evenly("delay", 1_000, 90_000), evenly("spend", 0, 31), evenly("share", 0, 1)];
  expect(findExchanged(now, BEFORE)).toEqual([{ first: "delay", second: "spend" }]);
});

test("texts are compared by their most frequent value", () => {
  const before = { columns: [text("region", "EU", 4), text("category", "Steel", 12)] };
  const now = [text("region", "Steel", 12), text("category", "EU", 4)];
  expect(findExchanged(now, before)).toEqual([{ first: "region", second: "category" }]);
});

test.each<[string, ColumnProfile[]]>([
  ["an unchanged week", [...BEFORE.columns]],
  ["a single column that changed", [evenly("delay", 1_000, 90_000), evenly("spend", 1_000, 90_000)]],
  ["a shift of both", [evenly("delay", 500, 530), evenly("spend", 0, 500)]],
  ["a few rows", [evenly("delay", 1_000, 90_000, 19), evenly("spend", 0, 30, 19)]],
  ["columns without values", [{ ...evenly("delay", 1_000, 90_000), missing: 1_000 }, evenly("spend", 0, 30)]],
])("nothing is found in %s", (_, now) => {
  expect(findExchanged(now, BEFORE)).toEqual([]);
});

test("nothing is found where both columns were alike before, or no week is known", () => {
  const before = { columns: [evenly("a", 0, 1), evenly("b", 0, 1.02)] };
  expect(findExchanged([evenly("a", 0, 1.02), evenly("b", 0, 1)], before)).toEqual([]);
  expect(findExchanged([evenly("delay", 1_000, 90_000), evenly("spend", 0, 30)], null)).toEqual([]);
});
