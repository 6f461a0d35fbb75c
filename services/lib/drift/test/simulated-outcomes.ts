// Weeks of suppliers whose scores and outcomes come from a known distribution, so that the true figures are known.
import { createRandom, type Random } from "@bellwether/risk-model/random";
import type { LabelledRows } from "../src/quality/labelled-rows.ts";

/** How outcomes are made. */
export interface Simulation {
  readonly suppliers: number;
  /** Weeks with one row of each supplier. */
  readonly weeks: number;
  /** Log-odds of the risk of a typical supplier, for example -2.6. */
  readonly level: number;
  /** Share of the variance of the risk that is constant for a supplier over all weeks, 0 to 1. */
  readonly constant: number;
  /** Added to the log-odds of the score, but not of the risk. */
  readonly bias?: number;
  /**
   * Every supplier with at least this score has an outcome. Of the other suppliers, only those in the review sample
   * have one. Left out: all suppliers have an outcome.
   */
  readonly alertedFrom?: number;
  /** Share of the other suppliers in the review sample. */
  readonly reviewShare?: number;
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const SIGNAL = 1.2;
const NOISE = 0.6;
/** Share of the suppliers that a team examines. */
const CAPACITY_SHARE = 0.05;

/** Returns the labelled rows of simulated weeks. */
export function simulateOutcomes(random: Random, simulation: Simulation): LabelledRows {
  const { suppliers, weeks, level, constant, bias = 0, alertedFrom = 0, reviewShare = 1 } = simulation;
  const rows = { scores: [] as number[], labels: [] as number[], weights: [] as number[], clusterOf: [] as number[] };
  const capacityShares: number[] = [];
  const lasting = Array.from({ length: suppliers }, () => random.normal());
  for (let week = 0; week < weeks; week++) {
    const risks = lasting.map((x) => Math.sqrt(constant) * x + Math.sqrt(1 - constant) * random.normal());
    const all = risks.map((risk, supplier) => ({
      supplier,
      score: logistic(level + SIGNAL * risk + bias),
      label: random.uniform() < logistic(level + SIGNAL * risk + NOISE * random.normal()) ? 1 : 0,
    }));
    const cut = all.map(({ score }) => score).sort((a, b) => b - a)[Math.round(CAPACITY_SHARE * suppliers) - 1] ?? 0;
    const others = all.filter(({ score }) => score < alertedFrom);
    const reviewed = new Set<number>();
    const wanted = Math.round(reviewShare * others.length);
    // The first of a random order is a simple random sample.
    for (let k = 0; k < wanted; k++) {
      const other = k + random.below(others.length - k);
      const [a, b] = [others[k], others[other]];
      if (!a || !b) continue;
      [others[k], others[other]] = [b, a];
      reviewed.add(b.supplier);
    }
    for (const { supplier, score, label } of all) {
      const isAlerted = score >= alertedFrom;
      if (!isAlerted && !reviewed.has(supplier)) continue;
      rows.scores.push(score);
      rows.labels.push(label);
      rows.weights.push(isAlerted ? 1 : others.length / wanted);
      rows.clusterOf.push(supplier);
      capacityShares.push(score >= cut ? 1 : 0);
    }
  }
  return {
    scores: Float64Array.from(rows.scores),
    labels: Uint8Array.from(rows.labels),
    weights: Float64Array.from(rows.weights),
    clusterOf: Uint32Array.from(rows.clusterOf),
    clusters: suppliers,
    capacityShares: Float64Array.from(capacityShares),
    baseRates: new Float64Array(rows.scores.length).fill(logistic(level)),
    lastLabels: new Int8Array(rows.scores.length).fill(-1),
  };
}

/** Returns a stream of random numbers for a test. */
export const randomOf = (name: string): Random => createRandom(20_261, name);
