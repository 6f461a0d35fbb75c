import { expect, test, vi } from "vitest";
import { randomOf, type Simulation, simulateOutcomes } from "../../test/simulated-outcomes.ts";
import type { Estimate } from "./estimate.ts";
import { measureQuality, type Quality } from "./measure-quality.ts";

// Thousands of measurements: some ten seconds of CPU each.
vi.setConfig({ testTimeout: 300_000 });

const THRESHOLD = 0.2;
const WEEKS = 1_000;

/** The figures whose intervals are counted. */
const FIGURES: Readonly<Record<string, (quality: Quality) => Estimate>> = {
  auc: ({ auc }) => auc,
  averagePrecision: ({ averagePrecision }) => averagePrecision,
  brier: ({ brier }) => brier,
  logLoss: ({ logLoss }) => logLoss,
  calibrationGap: ({ calibrationGap }) => calibrationGap,
  observedRate: ({ observedRate }) => observedRate,
  thresholdPrecision: ({ atThreshold }) => atThreshold.precision,
  thresholdRecall: ({ atThreshold }) => atThreshold.recall,
  capacityPrecision: ({ atCapacity }) => atCapacity.precision,
  capacityRecall: ({ atCapacity }) => atCapacity.recall,
};

/** Returns the share of simulated windows whose interval contains the true figure, by figure. */
function coverage(name: string, simulation: Simulation): Record<string, number> {
  const random = randomOf(name);
  const { alertedFrom: _from, reviewShare: _share, ...complete } = simulation;
  const truth = measureQuality(
    simulateOutcomes(randomOf("truth"), { ...complete, suppliers: 200_000, weeks: 1 }),
    THRESHOLD,
  );
  const covered = new Map(Object.keys(FIGURES).map((figure) => [figure, 0]));
  for (let week = 0; week < WEEKS; week++) {
    const quality = measureQuality(simulateOutcomes(random, simulation), THRESHOLD);
    for (const [figure, of] of Object.entries(FIGURES)) {
      const [{ low, high }, { value }] = [of(quality), of(truth)];
      if (low === null || high === null || value === null) throw new Error(`${figure} has no interval`);
      if (low <= value && value <= high) covered.set(figure, (covered.get(figure) ?? 0) + 1);
    }
  }
  return Object.fromEntries([...covered].map(([figure, count]) => [figure, count / WEEKS]));
}

const expectNominal = (found: Record<string, number>): void => {
  const outside = Object.entries(found).filter(([, share]) => share < 0.93 || share > 0.97);
  expect(outside).toEqual([]);
};

test("intervals of 1,000 simulated weeks cover the truth in 93 to 97 %", () => {
  expectNominal(coverage("week", { suppliers: 1_500, weeks: 1, level: -2.6, constant: 1 }));
});

test("so do those of windows whose suppliers return in each week", () => {
  expectNominal(coverage("window", { suppliers: 300, weeks: 5, level: -2.2, constant: 0.8 }));
});

test("so do those of outcomes that only alerted suppliers and a weighted review sample have", () => {
  expectNominal(
    coverage("review", {
      suppliers: 3_000,
      weeks: 1,
      level: -2.2,
      constant: 1,
      alertedFrom: THRESHOLD,
      reviewShare: 0.2,
    }),
  );
});
