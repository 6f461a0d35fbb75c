import { expect, test } from "vitest";
import { coverage } from "./simulated-comparison.ts";

/** 80 suppliers with up to 30 rows, which share 80 % of the variance of the shift. */
const POPULATION = { suppliers: 80, maxRows: 30, common: 0.8 };
/** From `trueFigures`, which takes too long here; `npm run bench -- comparison` computes it and has more populations. */
const TRUTH = { shift: 0.02, changed: 0.1199, rank: 0.9757 };

test("95 % intervals contain the true figures in about 95 of 100 simulated comparisons, and segments are rarely reported by chance", () => {
  const found = coverage(POPULATION, TRUTH, 100);
  for (const share of [found.shift, found.changed, found.rank]) {
    expect(share).toBeGreaterThanOrEqual(0.9);
    expect(share).toBeLessThan(1);
  }
  expect(found.segments).toBeLessThanOrEqual(0.1);
});
