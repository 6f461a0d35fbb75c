import { expect, test, vi } from "vitest";
import { intervalCoverage } from "../../test/interval-coverage.ts";

// Thousands of measurements: some ten seconds of CPU each.
vi.setConfig({ testTimeout: 300_000 });

const expectNominal = (found: Record<string, number>): void => {
  const outside = Object.entries(found).filter(([, share]) => share < 0.93 || share > 0.97);
  expect(outside).toEqual([]);
};

test("intervals of 1,000 simulated weeks cover the truth in 93 to 97 %", () => {
  expectNominal(intervalCoverage("week"));
});

test("so do those of windows whose suppliers return in each week", () => {
  expectNominal(intervalCoverage("window"));
});

test("so do those of outcomes that only alerted suppliers and a weighted review sample have", () => {
  expectNominal(intervalCoverage("review"));
});
