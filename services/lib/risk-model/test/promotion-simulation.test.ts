import { expect, test, vi } from "vitest";
import { countVerdict, meanAucGain, pairTrials, plantedRegressions, TRIALS } from "./simulated-gates.ts";

vi.setConfig({ testTimeout: 300_000 });

test("a challenger that was trained on new weeks with wrong labels passes in 0 of 200 trials", () => {
  const results = plantedRegressions();
  expect(meanAucGain(results)).toBeLessThan(-0.01);
  expect(countVerdict(results, "PASS")).toBe(0);
});

test("a gain of 0.03 AUC at 20,000 labelled rows passes in at least 90 % of 200 trials", () => {
  const results = pairTrials("gain at 20,000 rows");
  expect(meanAucGain(results)).toBeGreaterThan(0.028);
  expect(meanAucGain(results)).toBeLessThan(0.032);
  expect(countVerdict(results, "PASS")).toBeGreaterThanOrEqual(0.9 * TRIALS);
});

test("a challenger that is no better passes in at most one of 20 trials, and a slightly worse one never", () => {
  expect(countVerdict(pairTrials("equal at 4,000 rows"), "PASS")).toBeLessThanOrEqual(TRIALS / 20);
  expect(countVerdict(pairTrials("slightly worse at 4,000 rows"), "PASS")).toBe(0);
});
