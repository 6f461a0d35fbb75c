import { coverage, type Population, trueFigures } from "../services/lib/scoring/test/simulated-comparison.ts";
import { type Bench, type Metric, metric } from "./metric.ts";

const RUNS = 1_000;
const POPULATIONS: Readonly<Record<string, Population>> = {
  "20_suppliers": { suppliers: 20, maxRows: 10, common: 0.5 },
  "80_suppliers": { suppliers: 80, maxRows: 30, common: 0.8 },
  "1000_suppliers": { suppliers: 1_000, maxRows: 5, common: 0.8 },
  single_rows: { suppliers: 300, maxRows: 1, common: 0 },
};

/** Simulates comparisons of two versions and counts how often the 95 % intervals contain the true figures. Seeds are fixed. */
export const bench: Bench = async ({ log }) => {
  const metrics: Metric[] = [];
  for (const [name, population] of Object.entries(POPULATIONS)) {
    const truth = trueFigures(population);
    const found = coverage(population, truth, RUNS);
    log(`${name}: true figures ${JSON.stringify(truth)}; within the interval ${JSON.stringify(found)}`);
    for (const figure of ["shift", "changed", "rank"] as const)
      metrics.push(
        metric({
          ...{ name: `comparison.coverage.${figure}.${name}`, value: found[figure], unit: "share of intervals" },
          ...{ gate: 0.92, stretch: 0.94, better: "higher" },
        }),
      );
    metrics.push(
      metric({
        ...{ name: `comparison.false_segments.${name}`, value: found.segments, unit: "share of comparisons" },
        ...{ gate: 0.06, stretch: 0.05, better: "lower" },
      }),
    );
  }
  return metrics;
};
