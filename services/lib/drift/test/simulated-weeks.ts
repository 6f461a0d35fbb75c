// Weeks of suppliers that look like real ones and do not drift: see docs/drift.md.
import { createRandom, type Random } from "@bellwether/risk-model/random";
import type { WeekValues } from "../src/compare/compare-week.ts";
import { profileCategories } from "../src/profile/category-profile.ts";
import { profileNumbers } from "../src/profile/numeric-profile.ts";
import { SCORE_NAME, type TrainingProfile } from "../src/profile/training-profile.ts";

/** A numeric feature of the simulation: a function of a standard normal number that persists from week to week. */
interface SimulatedNumber {
  readonly name: string;
  /** Share of the variance that is constant in a supplier, 0 to 1. */
  readonly constant: number;
  /** Correlation of the rest from week to week, 0 to 1. */
  readonly memory: number;
  /** Share of missing values. */
  readonly missing: number;
  readonly value: (z: number) => number;
}

const clip = (low: number, high: number, x: number): number => Math.min(high, Math.max(low, x));

/** The 16 numeric features: bell-shaped, skewed, heavy-tailed, with ties, counts, shares, codes, rare events, constant. */
export const NUMBERS: readonly SimulatedNumber[] = [
  { name: "bell", constant: 0.7, memory: 0.5, missing: 0, value: (z) => 50 + 10 * z },
  { name: "skewed", constant: 0.8, memory: 0.7, missing: 0.02, value: (z) => Math.exp(0.4724 * z) },
  { name: "heavy_tail", constant: 0.9, memory: 0.7, missing: 0, value: (z) => Math.exp(10 + 1.5 * z) },
  { name: "both_tails", constant: 0.5, memory: 0.5, missing: 0.001, value: (z) => z * Math.exp(0.1 * z * z) },
  { name: "half_zero", constant: 0.7, memory: 0.8, missing: 0, value: (z) => Math.max(0, z) * 20 },
  { name: "count", constant: 0.8, memory: 0.6, missing: 0, value: (z) => Math.max(0, Math.round(2 + 2 * z)) },
  { name: "share", constant: 0.6, memory: 0.8, missing: 0.3, value: (z) => clip(0, 1, 0.3 + 0.3 * z) },
  {
    name: "months",
    constant: 0.97,
    memory: 0.9,
    missing: 0,
    value: (z) => [6, 12, 24, 36, 60][clip(0, 4, Math.floor(2.5 + z))] ?? 60,
  },
  { name: "one_in_a_thousand", constant: 0.5, memory: 0.5, missing: 0, value: (z) => (z > 3.09 ? 1 : 0) },
  { name: "two_percent", constant: 0.5, memory: 0.5, missing: 0.02, value: (z) => (z > 2.054 ? 1 : 0) },
  { name: "mostly_hundred", constant: 0.9, memory: 0.5, missing: 0, value: (z) => (Math.abs(z) > 2.3 ? 100 + z : 100) },
  { name: "constant", constant: 1, memory: 0, missing: 0, value: () => 7 },
  {
    name: "rounded_money",
    constant: 0.8,
    memory: 0.9,
    missing: 0.05,
    value: (z) => Math.round(Math.exp(2 + z)) * 1_000,
  },
  { name: "slow", constant: 0.99, memory: 0.9, missing: 0, value: (z) => z },
  { name: "no_memory", constant: 0, memory: 0, missing: 0, value: (z) => z },
  { name: "years", constant: 0.95, memory: 0.9, missing: 0, value: (z) => clip(0, 30, 10 + 6 * z) },
];

const REGIONS = 5;
const INDUSTRIES = 60;
/**
 * Shares of the suppliers in each week: suppliers that are replaced by new ones, and suppliers that change their
 * region or industry.
 */
const REPLACED = 0.01;
const MOVED = 0.002;

/** Suppliers whose weeks follow each other. */
export interface Simulation {
  /** The values of the next week. */
  nextWeek(): WeekValues;
}

/** Starts suppliers that are independent of all others of the same seed. */
export function simulateSuppliers(rows: number, seed: number, stream: string): Simulation {
  const random = createRandom(seed, stream);
  const ids = Array.from({ length: rows }, (_, i) => `S${i}`);
  let created = rows;
  const latents = NUMBERS.map((feature) => createLatent(feature.constant, feature.memory, rows, random));
  const gaps = NUMBERS.map(({ missing }) => (missing > 0 ? createLatent(0.8, 0.5, rows, random) : null));
  const cuts = NUMBERS.map(({ missing }) => normalCut(missing));
  const regions = Array.from(ids, () => drawZipf(REGIONS, random));
  const industries = Array.from(ids, () => drawZipf(INDUSTRIES, random));
  const renew = (row: number): void => {
    ids[row] = `S${created++}`;
    for (const latent of [...latents, ...gaps]) latent?.renew(row);
    regions[row] = drawZipf(REGIONS, random);
    industries[row] = drawZipf(INDUSTRIES, random);
  };
  return {
    nextWeek() {
      for (let row = 0; row < rows; row++) {
        const u = random.uniform();
        if (u < REPLACED) renew(row);
        else if (u < REPLACED + MOVED) regions[row] = drawZipf(REGIONS, random);
        else if (u < REPLACED + 2 * MOVED) industries[row] = drawZipf(INDUSTRIES, random);
      }
      const scores = new Float64Array(rows);
      const numbers = new Map<string, Float64Array>();
      for (const [k, { name, value }] of NUMBERS.entries()) {
        const z = latents[k]?.step() ?? new Float64Array(rows);
        const gap = gaps[k]?.step();
        const cut = cuts[k] ?? 0;
        numbers.set(
          name,
          Float64Array.from(z, (x, row) => (gap && (gap[row] ?? 0) < cut ? Number.NaN : value(x))),
        );
        for (let row = 0; row < rows; row++) scores[row] = (scores[row] ?? 0) + (z[row] ?? 0) / 6;
      }
      return {
        supplierIds: [...ids],
        numbers,
        categories: new Map([
          ["region", regions.map((code) => `region ${code}`)],
          ["industry", industries.map((code) => (code === 3 ? null : `industry ${code}`))],
        ]),
        scores: scores.map((sum) => 1 / (1 + Math.exp(2 - sum))),
      };
    },
  };
}

/** Profile of training rows: one week of `rows` other suppliers. */
export function simulateTraining(rows: number, seed: number): TrainingProfile {
  const week = simulateSuppliers(rows, seed, "training").nextWeek();
  return {
    features: [
      ...[...week.numbers].map(([name, values]) => profileNumbers(name, values)),
      ...[...week.categories].map(([name, values]) => profileCategories(name, values)),
    ],
    score: week.scores && profileNumbers(SCORE_NAME, week.scores),
  };
}

/** Standard normal numbers: a constant part of each supplier, and an autoregression of order 1. */
function createLatent(constant: number, memory: number, rows: number, random: Random) {
  const fixed = Float64Array.from({ length: rows }, () => random.normal());
  const moving = Float64Array.from({ length: rows }, () => random.normal());
  const [a, b] = [Math.sqrt(constant), Math.sqrt(1 - constant)];
  const kick = Math.sqrt(1 - memory * memory);
  return {
    renew(row: number): void {
      fixed[row] = random.normal();
      moving[row] = random.normal();
    },
    step(): Float64Array {
      const z = new Float64Array(rows);
      for (let row = 0; row < rows; row++) {
        if (b > 0) moving[row] = memory * (moving[row] ?? 0) + kick * random.normal();
        z[row] = a * (fixed[row] ?? 0) + b * (moving[row] ?? 0);
      }
      return z;
    },
  };
}

/** The k-th of n categories has a share in proportion to 1/k. */
function drawZipf(n: number, random: Random): number {
  let left = random.uniform() * harmonic(n);
  for (let k = 1; k < n; k++) {
    left -= 1 / k;
    if (left < 0) return k;
  }
  return n;
}

const harmonics = new Map<number, number>();
function harmonic(n: number): number {
  const known = harmonics.get(n) ?? Array.from({ length: n }, (_, k) => 1 / (k + 1)).reduce((a, b) => a + b, 0);
  harmonics.set(n, known);
  return known;
}

/** The value below which a standard normal number is with this probability. */
function normalCut(share: number): number {
  const cuts: Readonly<Record<string, number>> = {
    "0": -99,
    "0.001": -3.09,
    "0.02": -2.054,
    "0.05": -1.645,
    "0.3": -0.5244,
  };
  return cuts[String(share)] ?? -99;
}
