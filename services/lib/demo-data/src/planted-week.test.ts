import { expect, test } from "vitest";
import { generateDemo } from "./generate-demo.ts";
import { plantedWeek } from "./planted-week.ts";

const demo = generateDemo({ suppliers: 2_000, transactions: 1_000 }, 7);
const WEEK = "2026-W40";
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const delays = (isChanged: boolean) => plantedWeek(demo, 7, WEEK, isChanged).rows.map((row) => Number(row.avg_delay));

test("the same seed and week make the same week, and another week has other failing suppliers", () => {
  expect(plantedWeek(demo, 7, WEEK, true)).toEqual(plantedWeek(demo, 7, WEEK, true));
  expect(plantedWeek(demo, 7, "2026-W41", true).failing).not.toEqual(plantedWeek(demo, 7, WEEK, true).failing);
});

test("5 to 15 % of the suppliers fail, before and after the change", () => {
  for (const isChanged of [false, true]) {
    const share = plantedWeek(demo, 7, WEEK, isChanged).failing.size / demo.suppliers.length;
    expect([isChanged, share > 0.05 && share < 0.15]).toEqual([isChanged, true]);
  }
});

test("after the change all delays are longer, and other suppliers fail", () => {
  expect(mean(delays(true)) - mean(delays(false))).toBeGreaterThan(12);
  const [before, after] = [false, true].map((isChanged) => plantedWeek(demo, 7, WEEK, isChanged).failing);
  const both = [...(before ?? [])].filter((id) => after?.has(id)).length;
  expect(both / (before?.size ?? 1)).toBeLessThan(0.6);
});
