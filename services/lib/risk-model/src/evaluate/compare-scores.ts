import { resampleSuppliers } from "./bootstrap.ts";
import { brierScore, createRanking, logLoss } from "./metrics.ts";

/** One figure of two models on the same rows. */
export interface ComparedFigure {
  readonly first: number;
  readonly second: number;
  /** Second minus first, with its 95 % interval over suppliers; null when the interval cannot be computed. */
  readonly difference: number;
  readonly interval: readonly [number, number] | null;
}

/** The figures of two models on the same rows. */
export interface ScoreComparison {
  readonly rows: number;
  readonly positives: number;
  readonly suppliers: number;
  /** Higher is better. */
  readonly auc: ComparedFigure;
  /** Lower is better. */
  readonly brier: ComparedFigure;
  readonly logLoss: ComparedFigure;
}

/**
 * Compares the calibrated scores of two models on the same rows. Intervals are those of the difference: both
 * models are evaluated on the same resampled suppliers (paired cluster bootstrap; Efron & Tibshirani 1993,
 * section 8).
 */
export function compareScores(
  first: Float64Array,
  second: Float64Array,
  labels: Uint8Array,
  supplierIds: readonly string[],
  seed: number,
): ScoreComparison {
  const rankings = [createRanking(first, labels), createRanking(second, labels)] as const;
  const loss = (scores: Float64Array, of: (p: Float64Array, l: Uint8Array) => number): Float64Array =>
    Float64Array.from(scores, (p, i) => of(Float64Array.of(p), labels.subarray(i, i + 1)));
  const lossDifferences = [brierScore, logLoss].map((of) => {
    const [a, b] = [loss(first, of), loss(second, of)];
    return a.map((x, i) => b[i] - x);
  });
  const [brierDifference, logLossDifference] = lossDifferences as [Float64Array, Float64Array];
  const auc: number[] = [];
  const brier: number[] = [];
  const log: number[] = [];
  for (const weights of resampleSuppliers(supplierIds, seed)) {
    const difference = rankings[1].auc(weights) - rankings[0].auc(weights);
    if (!Number.isNaN(difference)) auc.push(difference);
    brier.push(weightedMean(brierDifference, weights));
    log.push(weightedMean(logLossDifference, weights));
  }
  const figure = (a: number, b: number, drawn: number[]): ComparedFigure => ({
    first: a,
    second: b,
    difference: b - a,
    interval: percentileInterval(drawn),
  });
  return {
    rows: labels.length,
    positives: labels.reduce((sum, label) => sum + label, 0),
    suppliers: new Set(supplierIds).size,
    auc: figure(rankings[0].auc(), rankings[1].auc(), auc),
    brier: figure(brierScore(first, labels), brierScore(second, labels), brier),
    logLoss: figure(logLoss(first, labels), logLoss(second, labels), log),
  };
}

function weightedMean(values: Float64Array, weights: Float64Array): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i] * weights[i];
    total += weights[i];
  }
  return sum / total;
}

function percentileInterval(drawn: number[]): readonly [number, number] | null {
  const known = drawn.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (known.length === 0) return null;
  const at = (share: number): number => known[Math.min(known.length - 1, Math.floor(share * known.length))];
  return [at(0.025), at(0.975)];
}
