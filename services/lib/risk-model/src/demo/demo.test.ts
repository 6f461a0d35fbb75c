import { expect, test } from "vitest";
import { toCsv } from "./csv.ts";
import { generateDemo } from "./generate-demo.ts";
import { weeklySnapshot } from "./weekly-snapshot.ts";

const highShare = (suppliers: number, transactions: number, seed: number): number =>
  generateDemo({ suppliers, transactions }, seed).suppliers.reduce((sum, s) => sum + s.high_risk, 0) / suppliers;

test("8 to 12 % of the suppliers are high", () => {
  expect(highShare(10_500, 5_000, 42)).toBeGreaterThan(0.08);
  expect(highShare(10_500, 5_000, 42)).toBeLessThan(0.12);
  expect(highShare(300, 600, 123)).toBeGreaterThanOrEqual(0.08);
  expect(highShare(300, 600, 123)).toBeLessThanOrEqual(0.12);
});

test("the same seed makes the same tables, another seed others", () => {
  const make = (seed: number) => generateDemo({ suppliers: 50, transactions: 80 }, seed);
  expect(make(1)).toEqual(make(1));
  expect(make(1).suppliers).not.toEqual(make(2).suppliers);
});

test("a week's file holds every supplier once, within the drift", () => {
  const demo = generateDemo({ suppliers: 200, transactions: 300 }, 5);
  const rows = weeklySnapshot(demo, 5, "2026-W47");
  expect(new Set(rows.map((r) => r.supplier_id)).size).toBe(200);
  for (const row of rows) {
    const before = demo.activity.get(String(row.supplier_id));
    expect(Math.abs(Number(row.late_ratio) - (before?.late_ratio ?? Number.NaN))).toBeLessThanOrEqual(0.0501);
    expect(Math.abs(Number(row.avg_delay) - (before?.avg_delay ?? Number.NaN))).toBeLessThanOrEqual(2.01);
  }
  expect(weeklySnapshot(demo, 5, "2026-W48")).not.toEqual(rows);
});

test("CSV quotes commas, quotes and line ends", () => {
  expect(toCsv([{ a: 'x,"y"', b: "1\n2" }])).toBe('a,b\n"x,""y""","1\n2"\n');
});
