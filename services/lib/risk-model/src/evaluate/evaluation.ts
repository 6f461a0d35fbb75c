import type { Baseline } from "./baseline.ts";
import { aucInterval } from "./bootstrap.ts";
import {
  averagePrecision,
  brierScore,
  type CalibrationBin,
  calibrationTable,
  createRanking,
  logLoss,
  type PrecisionAtK,
  precisionAtK,
} from "./metrics.ts";

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
  /** Mean log loss in nats, and that of the training rate for everyone. */
  readonly logLoss: number;
  readonly baseRateLogLoss: number;
  /** For 10, 50 and 100 rows and as many as came true, as far as there are rows. */
  readonly precisionAt: readonly PrecisionAtK[];
  /** Share of rows in the calibration bin that has most: 1 when all scores are about the same. */
  readonly largestBinShare: number;
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
  const trainingRates = new Float64Array(labels.length).fill(options.trainingRate);
  const calibration = calibrationTable(scores, labels);
  return {
    rows: labels.length,
    positives,
    suppliers: new Set(supplierIds).size,
    auc: createRanking(scores, labels).auc(),
    aucInterval: aucInterval(scores, labels, supplierIds, options.seed),
    averagePrecision: averagePrecision(scores, labels),
    brier: brierScore(scores, labels),
    baseRateBrier: brierScore(trainingRates, labels),
    logLoss: logLoss(scores, labels),
    baseRateLogLoss: logLoss(trainingRates, labels),
    precisionAt: capacities(labels.length, positives).map((k) => precisionAtK(scores, labels, k)),
    largestBinShare: calibration.reduce((most, bin) => Math.max(most, bin.rows), 0) / labels.length,
    calibration,
    baseline: options.baseline,
  };
}

/** How many suppliers a team may look at. */
const CAPACITIES = [10, 50, 100];

const capacities = (rows: number, positives: number): number[] =>
  [...new Set([...CAPACITIES, positives])].filter((k) => k > 0 && k <= rows).sort((a, b) => a - b);
