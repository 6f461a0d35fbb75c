import type { Baseline } from "./baseline.ts";
import { aucInterval } from "./bootstrap.ts";
import { type FigureIntervals, figureIntervals } from "./figure-intervals.ts";
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

/** Quality of the scores on rows that were not used in training, beside that of the best trivial scores. */
export interface Evaluation {
  readonly rows: number;
  readonly positives: number;
  readonly suppliers: number;
  /** Area under the ROC curve of the calibrated scores. */
  readonly auc: number;
  /** 95 % interval over suppliers; null when it cannot be computed. */
  readonly aucInterval: readonly [number, number] | null;
  readonly averagePrecision: number;
  readonly brier: number;
  /** 95 % intervals of the other figures. */
  readonly intervals: FigureIntervals;
  /** Brier score when the training rate is the score of every row. */
  readonly baseRateBrier: number;
  /** Mean log loss in nats, and that with the training rate as the score of every row. */
  readonly logLoss: number;
  readonly baseRateLogLoss: number;
  /**
   * Precision among the k rows with the highest scores, for k = 10, 50, 100 and the number of positives, as
   * far as there are k rows.
   */
  readonly precisionAt: readonly PrecisionAtK[];
  /** Share of rows in the calibration bin with the most rows: 1 when all scores are nearly equal. */
  readonly largestBinShare: number;
  readonly calibration: readonly CalibrationBin[];
  /** Best single feature on the same rows; null when the model has no numeric feature. */
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
    intervals: figureIntervals(scores, labels, supplierIds),
    baseRateBrier: brierScore(trainingRates, labels),
    logLoss: logLoss(scores, labels),
    baseRateLogLoss: logLoss(trainingRates, labels),
    precisionAt: capacities(labels.length, positives).map((k) => precisionAtK(scores, labels, k)),
    largestBinShare: calibration.reduce((most, bin) => Math.max(most, bin.rows), 0) / labels.length,
    calibration,
    baseline: options.baseline,
  };
}

/** Numbers of suppliers that a team may review. */
const CAPACITIES = [10, 50, 100];

const capacities = (rows: number, positives: number): number[] =>
  [...new Set([...CAPACITIES, positives])].filter((k) => k > 0 && k <= rows).sort((a, b) => a - b);
