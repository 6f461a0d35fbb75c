import { intervalCoverage, WINDOWS } from "../services/lib/drift/test/interval-coverage.ts";
import {
  countVerdict,
  meanAucGain,
  pairTrials,
  plantedRegressions,
  TRIALS,
} from "../services/lib/risk-model/test/simulated-gates.ts";
import { type Bench, type Metric, metric } from "./metric.ts";

/**
 * Simulates labelled weeks with known true figures, and counts how often the 95 % intervals of the performance figures contain them.
 * Then simulates challengers, and counts the verdicts of the promotion gate. Seeds are fixed.
 */
export const bench: Bench = async ({ log }) => {
  const metrics: Metric[] = [];
  for (const name of ["week", "window", "review"] as const) {
    const found = intervalCoverage(name);
    log(`${name}: share of ${WINDOWS} intervals that contain the true figure ${JSON.stringify(found)}`);
    const shares = Object.values(found);
    const of = { unit: "share of intervals" };
    metrics.push(
      metric({
        ...{ ...of, name: `quality.coverage.${name}.lowest_figure`, value: Math.min(...shares) },
        ...{ gate: 0.93, stretch: 0.94, better: "higher" },
      }),
      metric({
        ...{ ...of, name: `quality.coverage.${name}.highest_figure`, value: Math.max(...shares) },
        ...{ gate: 0.97, stretch: 0.96, better: "lower" },
      }),
    );
  }
  const trials = {
    planted_regression: plantedRegressions(),
    slightly_worse: pairTrials("slightly worse at 4,000 rows"),
    equal: pairTrials("equal at 4,000 rows"),
    gain_of_0_03: pairTrials("gain at 20,000 rows"),
  };
  const limits = {
    planted_regression: { gate: 0, better: "lower" },
    slightly_worse: { gate: 0, better: "lower" },
    equal: { gate: 0.05, better: "lower" },
    gain_of_0_03: { gate: 0.9, better: "higher" },
  } as const;
  for (const name of ["planted_regression", "slightly_worse", "equal", "gain_of_0_03"] as const) {
    const results = trials[name];
    const verdicts = (["PASS", "HELD", "FAIL"] as const).map((one) => `${one} ${countVerdict(results, one)}`);
    log(`${name}: mean AUC difference ${meanAucGain(results).toFixed(4)}; of ${TRIALS} ${verdicts.join(", ")}`);
    const value = countVerdict(results, "PASS") / TRIALS;
    metrics.push(metric({ name: `quality.gate.${name}.passed`, value, unit: "share of windows", ...limits[name] }));
  }
  return metrics;
};
