import { logBinomial } from "./log-binomial.ts";
import { latticeTilt, saddlepointTail } from "./saddlepoint-tail.ts";

const MAX_STEPS = 80;
const HALVINGS = 30;

/**
 * Tests whether two independent samples are from one distribution: their rows are as likely to be in either sample.
 * The p-value is that of the permutation test of the sum of the scores of `present`, by the double saddlepoint
 * approximation (Robinson 1982; Skovgaard, "Saddlepoint expansions for conditional distributions", Journal of Applied
 * Probability 24, 1987; Booth & Butler, "Randomization distributions and saddlepoint approximations in generalized
 * linear models", Biometrika 77, 1990). With scores 0 and 1 it is the exact test of Fisher, doubled.
 * @param reference number of rows in each cell; numbers between integers are allowed
 * @param present number of rows in each cell
 * @param scores the score of each cell
 * @returns two-sided p-value, in (0, 1]
 */
export function permutationTest(reference: Float64Array, present: Float64Array, scores: Float64Array): number {
  const pooled = pool(reference, present, scores);
  if (pooled === null) return 1;
  const separated = separatedTail(pooled);
  if (separated !== null) return Math.min(1, Math.max(2 * separated, Number.MIN_VALUE));
  const saddle = solveSaddle(pooled);
  if (saddle === null) return 1;
  const w = Math.sqrt(2 * saddle.deviance);
  const conditional = saddle.determinant / (pooled.rows * pooled.share * (1 - pooled.share));
  const v = latticeTilt(saddle.tilt, pooled.step) * Math.sqrt(conditional);
  return Math.min(1, Math.max(2 * saddlepointTail(w, v), Number.MIN_VALUE));
}

/**
 * Returns the probability of the largest possible sum when the sample has it: the number of ways to choose the rest of
 * the sample from the last cell. Such a sum has no saddlepoint. Null: the sum is smaller.
 */
function separatedTail({ counts, scores, rows, share, sum }: Pooled): number | null {
  let left = rows * share;
  let largest = 0;
  for (const cell of [...scores.keys()].sort((a, b) => scores[b] - scores[a])) {
    const taken = Math.min(left, counts[cell]);
    largest += taken * scores[cell];
    left -= taken;
    if (left > 1e-9 * rows) continue;
    if (sum < largest * (1 - 1e-9)) return null;
    return Math.exp(logBinomial(counts[cell], taken) - logBinomial(rows, rows * share));
  }
  return null;
}

interface Pooled {
  /** Rows of both samples in each cell that has any. */
  readonly counts: Float64Array;
  /** Scores of these cells with mean 0 and variance 1, turned so that `sum` is not negative. */
  readonly scores: Float64Array;
  readonly rows: number;
  /** Share of the present rows. */
  readonly share: number;
  /** Sum of the scores of the present rows. */
  readonly sum: number;
  /** Largest distance between neighboring scores: an upper limit for the step of a lattice. */
  readonly step: number;
}

/** Null when there are no rows on a side, or all scores are equal. */
function pool(reference: Float64Array, present: Float64Array, scores: Float64Array): Pooled | null {
  const used = Uint32Array.from(present.keys()).filter((cell) => reference[cell] + present[cell] > 0);
  const counts = Float64Array.from(used, (cell) => reference[cell] + present[cell]);
  const rows = counts.reduce((a, b) => a + b, 0);
  const presentRows = used.reduce((sum, cell) => sum + present[cell], 0);
  if (presentRows <= 0 || presentRows >= rows) return null;
  const mean = used.reduce((sum, cell, i) => sum + counts[i] * scores[cell], 0) / rows;
  const variance = used.reduce((sum, cell, i) => sum + counts[i] * (scores[cell] - mean) ** 2, 0) / rows;
  if (!(variance > 1e-18)) return null;
  const standard = Float64Array.from(used, (cell) => (scores[cell] - mean) / Math.sqrt(variance));
  const sum = used.reduce((total, cell, i) => total + present[cell] * standard[i], 0);
  const sorted = standard.toSorted();
  const step = sorted.reduce((widest, score, i) => (i === 0 ? 0 : Math.max(widest, score - sorted[i - 1])), 0);
  return {
    ...{ counts, rows, step, share: presentRows / rows, sum: Math.abs(sum) },
    scores: sum < 0 ? standard.map((score) => -score) : standard,
  };
}

/**
 * Maximizes t·sum + u·rows − K(t, u) with the cumulants K of independent draws: the tilt t of the scores, and u of the
 * size of the sample. Null: the sum is at its mean.
 */
function solveSaddle(pooled: Pooled) {
  const { rows, share, sum } = pooled;
  const size = rows * share;
  const variance = size * (1 - share);
  if (!(sum > 0.05 * Math.sqrt(variance))) return null;
  let at = evaluate(pooled, sum / variance, 0);
  if (!(at.deviance > 0)) at = evaluate(pooled, 0, 0);
  for (let count = 0; count < MAX_STEPS; count++) {
    const [a, b] = [sum - at.mean, size - at.size];
    const t = (a * at.uu - b * at.tu) / at.determinant;
    const u = (b * at.tt - a * at.tu) / at.determinant;
    if (!(a * t + b * u > 1e-12 * (1 + at.deviance))) return at;
    let scale = 1;
    let next = evaluate(pooled, at.tilt + t, at.shift + u);
    for (let half = 0; half < HALVINGS && !(next.deviance >= at.deviance); half++) {
      scale /= 2;
      next = evaluate(pooled, at.tilt + scale * t, at.shift + scale * u);
    }
    if (!(next.deviance >= at.deviance)) return at;
    at = next;
  }
  return at;
}

function evaluate({ counts, scores, share, sum, rows }: Pooled, tilt: number, shift: number) {
  let [cumulant, mean, size, tt, tu, uu] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    const x = tilt * scores[i] + shift;
    // log(1 − share + share·e^x) without overflow.
    const base = x > 0 ? x + Math.log1p((1 - share) * Math.expm1(-x)) : Math.log1p(share * Math.expm1(x));
    const chosen = share * Math.exp(x - base);
    const spread = counts[i] * chosen * (1 - chosen);
    cumulant += counts[i] * base;
    mean += counts[i] * chosen * scores[i];
    size += counts[i] * chosen;
    tt += spread * scores[i] * scores[i];
    tu += spread * scores[i];
    uu += spread;
  }
  const deviance = tilt * sum + shift * rows * share - cumulant;
  return { tilt, shift, deviance, mean, size, tt, tu, uu, determinant: tt * uu - tu * tu };
}
