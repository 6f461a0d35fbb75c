import type { FeatureBundle } from "../bundle/feature-bundle.ts";
import { calibratedRisk } from "../calibrate/calibration.ts";
import {
  type CalibrationRows,
  type ChosenCalibration,
  chooseCalibration,
  refitCalibration,
  type UnseenOutputs,
} from "../calibrate/choose-calibration.ts";
import { brierScore, createRanking, logLoss } from "../evaluate/metrics.ts";
import type { CrossFit } from "./cross-fit.ts";
import type { FitTask } from "./fit-model.ts";

/** Quality of calibrated scores of training rows, each from a model that was not trained on the row. */
export interface OutOfFoldFigures {
  readonly rows: number;
  readonly positives: number;
  readonly auc: number;
  readonly brier: number;
  /** Brier score when the rate of the other folds is the score of every row. */
  readonly baseRateBrier: number;
  readonly logLoss: number;
  readonly baseRateLogLoss: number;
}

/** A calibration with the figures that led to its choice. */
export interface CalibratedModel extends ChosenCalibration {
  /** Null when calibration rows were held out: then only the final model was trained. */
  readonly outOfFold: OutOfFoldFigures | null;
}

/** Cross-fits to calibrate on. The second is computed only when the first is not sufficient. */
export interface CrossFits {
  readonly bySupplier: CrossFit;
  /** Cross-fit forward in time. Null for data without time. */
  readonly byTime: (() => Promise<CrossFit>) | null;
}

/** Chooses a calibration on out-of-fold outputs: first those by supplier, then those by time. */
export async function calibrateOutOfFold(
  task: FitTask,
  outputSpace: FeatureBundle["outputSpace"],
  { bySupplier, byTime }: CrossFits,
): Promise<CalibratedModel> {
  const fits = new Map<CalibrationRows, CrossFit>([["out of fold by supplier", bySupplier]]);
  const sources = [async () => unseen(task, "out of fold by supplier", bySupplier)];
  if (byTime !== null)
    sources.push(async () => {
      const fit = await byTime();
      fits.set("out of fold by time", fit);
      return unseen(task, "out of fold by time", fit);
    });
  const chosen = await chooseCalibration(sources, outputSpace);
  return { ...chosen, outOfFold: outOfFoldFigures(fits.get(chosen.from) ?? bySupplier, chosen, outputSpace) };
}

/** Chooses a calibration on the rows of suppliers that were held out of training. */
export async function calibrateHeldOut(
  task: FitTask,
  outputSpace: FeatureBundle["outputSpace"],
  rows: Uint32Array,
  outputs: Float64Array,
): Promise<CalibratedModel> {
  const labels = Uint8Array.from(rows, (row) => task.table.labels[row]);
  const source = async () => unseen(task, "held-out suppliers", { rows, outputs, labels });
  return { ...(await chooseCalibration([source], outputSpace)), outOfFold: null };
}

function unseen(
  { table }: FitTask,
  from: CalibrationRows,
  { rows, outputs, labels }: Pick<CrossFit, "rows" | "outputs" | "labels">,
): UnseenOutputs {
  return { from, outputs, labels, suppliers: Array.from(rows, (row) => table.supplierIds[row]) };
}

/**
 * Returns figures where the calibration of each fold is fitted on the other folds, with the rate of the other
 * folds for comparison.
 */
function outOfFoldFigures(
  { outputs, labels, folds }: CrossFit,
  { calibration }: ChosenCalibration,
  outputSpace: FeatureBundle["outputSpace"],
): OutOfFoldFigures | null {
  if (labels.length === 0) return null;
  const scores = new Float64Array(labels.length);
  const rates = new Float64Array(labels.length);
  for (const fold of new Set(folds)) {
    const others = labels.map((_, i) => (folds[i] === fold ? 0 : 1));
    const pick = <T extends Float64Array | Uint8Array>(from: T): T => from.filter((_, i) => others[i] === 1) as T;
    const otherLabels = pick(labels);
    const fitted = refitCalibration(calibration.kind, pick(outputs), otherLabels, outputSpace);
    const rate = otherLabels.reduce((sum, label) => sum + label, 0) / Math.max(1, otherLabels.length);
    for (let i = 0; i < labels.length; i++) {
      if (folds[i] !== fold) continue;
      scores[i] = calibratedRisk({ calibration: fitted, outputSpace }, outputs[i]);
      rates[i] = rate;
    }
  }
  return {
    rows: labels.length,
    positives: labels.reduce((sum, label) => sum + label, 0),
    auc: createRanking(outputs, labels).auc(),
    brier: brierScore(scores, labels),
    baseRateBrier: brierScore(rates, labels),
    logLoss: logLoss(scores, labels),
    baseRateLogLoss: logLoss(rates, labels),
  };
}
