// How often the intervals of performance figures contain the true figures. docs/performance.md has the result.
import type { Estimate } from "../src/quality/estimate.ts";
import { measureQuality, type Quality } from "../src/quality/measure-quality.ts";
import { randomOf, type Simulation, simulateOutcomes } from "./simulated-outcomes.ts";

const THRESHOLD = 0.2;
/** Number of simulated windows. */
export const WINDOWS = 1_000;

/** Kinds of windows: one week; weeks in which the suppliers return; outcomes of alerted suppliers and of a weighted review sample. */
const SIMULATIONS = {
  week: { suppliers: 1_500, weeks: 1, level: -2.6, constant: 1 },
  window: { suppliers: 300, weeks: 5, level: -2.2, constant: 0.8 },
  review: { suppliers: 3_000, weeks: 1, level: -2.2, constant: 1, alertedFrom: THRESHOLD, reviewShare: 0.2 },
} satisfies Record<string, Simulation>;
export type SimulatedWeeks = keyof typeof SIMULATIONS;

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

/** Returns the share of simulated windows, with fixed seeds, whose interval contains the true figure, by figure. */
export function intervalCoverage(name: SimulatedWeeks): Record<string, number> {
  const simulation: Simulation = SIMULATIONS[name];
  const random = randomOf(name);
  const { alertedFrom: _from, reviewShare: _share, ...complete } = simulation;
  const truth = measureQuality(
    simulateOutcomes(randomOf("truth"), { ...complete, suppliers: 200_000, weeks: 1 }),
    THRESHOLD,
  );
  const covered = new Map(Object.keys(FIGURES).map((figure) => [figure, 0]));
  for (let window = 0; window < WINDOWS; window++) {
    const quality = measureQuality(simulateOutcomes(random, simulation), THRESHOLD);
    for (const [figure, of] of Object.entries(FIGURES)) {
      const [{ low, high }, { value }] = [of(quality), of(truth)];
      if (low === null || high === null || value === null) throw new Error(`${figure} has no interval`);
      if (low <= value && value <= high) covered.set(figure, (covered.get(figure) ?? 0) + 1);
    }
  }
  return Object.fromEntries([...covered].map(([figure, count]) => [figure, count / WINDOWS]));
}
