import type { Baseline } from "./baseline.ts";
import { aucInterval } from "./bootstrap.ts";
import { averagePrecision, brierScore, type CalibrationBin, calibrationTable, createRanking } from "./metrics.ts";

/** How good the scores are on rows the model never saw, always beside the best trivial answers. */
export interface Evaluation {
  readonly rows: number;
  readonly positives: number;
  readonly suppliers: number;
  /** Area under the ROC curve of the calibrated scores. */
  readonly auc: number;
  /** 95 % interval over suppliers; null when it cannot be drawn. */
  readonly aucInterval: readonly [number, number] | null;
  readonly averagePrecision: number;
  readonly brier: number;
  /** Brier score of answering with the training rate for everyone. */
  readonly baseRateBrier: number;
  readonly calibration: readonly CalibrationBin[];
  /** Best single feature on the same rows; null when the model has no number. */
  readonly baseline: Baseline | null;
}

/** Evaluates calibrated scores. @param trainingRate Share of positives among the training rows. */
export function evaluateScores(
  scores: Float64Array,
  labels: Uint8Array,
  supplierIds: readonly string[],
  options: { trainingRate: number; baseline: Baseline | null; seed: number },
): Evaluation {
  let positives = 0;
  for (const label of labels) positives += label;
  return {
    rows: labels.length,
    positives,
    suppliers: new Set(supplierIds).size,
    auc: createRanking(scores, labels).auc(),
    aucInterval: aucInterval(scores, labels, supplierIds, options.seed),
    averagePrecision: averagePrecision(scores, labels),
    brier: brierScore(scores, labels),
    baseRateBrier: brierScore(new Float64Array(labels.length).fill(options.trainingRate), labels),
    calibration: calibrationTable(scores, labels),
    baseline: options.baseline,
  };
}
