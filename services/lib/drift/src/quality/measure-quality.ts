import { countSuppliers, intervalNote } from "./class-counts.ts";
import { type Estimate, estimateOf, NO_ESTIMATE } from "./estimate.ts";
import {
  aucFigure,
  averagePrecisionFigure,
  brierFigure,
  differenceFigure,
  type Figure,
  logLossFigure,
  meanFigure,
  selectionFigures,
} from "./figure.ts";
import { type LabelledRows, positionsWhere, selectRows } from "./labelled-rows.ts";
import { rankRows } from "./ranking.ts";
import { measureReference, type ReferenceQuality } from "./reference-quality.ts";
import type { Selection } from "./selection.ts";

/** Rows whose score is in [from, to). The last bin includes 1. */
export interface QualityBin {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Mean score. Null: no rows. */
  readonly predicted: number | null;
  /** Share of positives. */
  readonly observed: Estimate;
}

/** What needs no model, on the rows that have an earlier week with known outcomes. */
export interface TrivialBaseline {
  readonly rows: number;
  /** The base rate of earlier weeks as the score of every row. */
  readonly baseRateBrier: Estimate;
  readonly baseRateLogLoss: Estimate;
  /** Ranking by the last outcome of each supplier that was known before the week. */
  readonly lastLabelAuc: Estimate;
  readonly lastLabelAveragePrecision: Estimate;
  /** Model minus baseline. A model that is better has a higher AUC and average precision, and a lower Brier score and log loss. */
  readonly aucDifference: Estimate;
  readonly averagePrecisionDifference: Estimate;
  readonly brierDifference: Estimate;
  readonly logLossDifference: Estimate;
}

/** The quality of scores whose outcomes are known. */
export interface Quality {
  readonly rows: number;
  readonly positives: number;
  readonly suppliers: number;
  /** Number of equally weighted rows with the same precision: (Σ w)² ÷ Σ w² (Kish 1965). */
  readonly effectiveRows: number;
  readonly meanScore: number | null;
  readonly observedRate: Estimate;
  /** Share of positives minus mean score. 0: calibrated in the large. */
  readonly calibrationGap: Estimate;
  readonly auc: Estimate;
  readonly averagePrecision: Estimate;
  readonly brier: Estimate;
  readonly logLoss: Estimate;
  readonly atThreshold: Selection;
  readonly atCapacity: Selection;
  readonly calibration: readonly QualityBin[];
  readonly baseline: TrivialBaseline;
  /** The other version on the rows that it has scored. Null: the rows have no columns of another version. */
  readonly reference: ReferenceQuality | null;
  /** Why figures have no interval. Empty: all have one. */
  readonly note: string;
}

const BINS = 10;

/**
 * Measures scores against outcomes.
 * @param threshold score from which a supplier is flagged, in [0, 1]; not used for rows with `flags`
 */
export function measureQuality(rows: LabelledRows, threshold: number): Quality {
  const { scores, labels, weights, capacityShares } = rows;
  const [positiveSuppliers, negativeSuppliers, suppliers] = countSuppliers(rows);
  const note = intervalNote(labels.length, positiveSuppliers, negativeSuppliers);
  const withInterval = note === "";
  const estimate = (figure: Figure, scale: Parameters<typeof estimateOf>[2]): Estimate => {
    const found = estimateOf(figure, rows, scale);
    return withInterval ? found : { ...NO_ESTIMATE, value: found.value };
  };
  const isFlagged = rows.flags ?? scores.map((score) => (score >= threshold ? 1 : 0));
  const selection = (
    shares: Float64Array,
    { precision, recall }: { precision: Figure; recall: Figure },
  ): Selection => ({
    flagged: sum(weights.map((weight, i) => weight * shares[i])),
    precision: estimate(precision, "share"),
    recall: estimate(recall, "share"),
  });
  const ranking = rankRows(scores);
  const gaps = scores.map((score, i) => labels[i] - score);
  return {
    ...{ rows: labels.length, positives: sum(labels), suppliers, note },
    effectiveRows: labels.length === 0 ? 0 : sum(weights) ** 2 / sum(weights.map((weight) => weight ** 2)),
    meanScore: numberOrNull(meanFigure(scores, weights).value),
    observedRate: estimate(meanFigure(labels, weights), "share"),
    calibrationGap: estimate(meanFigure(gaps, weights), "difference"),
    auc: estimate(aucFigure(ranking, rows), "share"),
    averagePrecision: estimate(averagePrecisionFigure(ranking, rows), "share"),
    brier: estimate(brierFigure(scores, rows), "positive"),
    logLoss: estimate(logLossFigure(scores, rows), "positive"),
    atThreshold: selection(isFlagged, {
      precision: meanFigure(labels, weights, isFlagged),
      recall: meanFigure(isFlagged, weights, labels),
    }),
    atCapacity: selection(capacityShares, selectionFigures(ranking, rows, capacityShares)),
    calibration: calibrationOf(rows, withInterval),
    baseline: baselineOf(rows, withInterval),
    reference: measureReference(rows),
  };
}

/** Compares the scores with those of the base rate and of the last outcomes, on the rows that have an earlier week with outcomes. */
function baselineOf(all: LabelledRows, withInterval: boolean): TrivialBaseline {
  const hasBase = positionsWhere(all.baseRates.length, (row) => !Number.isNaN(all.baseRates[row]));
  const rows = hasBase.length === all.baseRates.length ? all : selectRows(all, hasBase);
  const { scores, baseRates } = rows;
  const estimate = (figure: Figure, scale: Parameters<typeof estimateOf>[2]): Estimate => {
    const found = estimateOf(figure, rows, scale);
    return withInterval ? found : { ...NO_ESTIMATE, value: found.value };
  };
  const byScore = rankRows(scores);
  const last = new Float64Array(rows.lastLabels.length);
  for (let i = 0; i < last.length; i++) last[i] = rows.lastLabels[i] < 0 ? 0.5 : rows.lastLabels[i];
  const byLast = rankRows(last);
  const base = {
    auc: aucFigure(byLast, rows),
    averagePrecision: averagePrecisionFigure(byLast, rows),
    brier: brierFigure(baseRates, rows),
    logLoss: logLossFigure(baseRates, rows),
  };
  const difference = (model: Figure, other: Figure): Estimate => estimate(differenceFigure(model, other), "difference");
  return {
    rows: rows.labels.length,
    baseRateBrier: estimate(base.brier, "positive"),
    baseRateLogLoss: estimate(base.logLoss, "positive"),
    lastLabelAuc: estimate(base.auc, "share"),
    lastLabelAveragePrecision: estimate(base.averagePrecision, "share"),
    aucDifference: difference(aucFigure(byScore, rows), base.auc),
    averagePrecisionDifference: difference(averagePrecisionFigure(byScore, rows), base.averagePrecision),
    brierDifference: difference(brierFigure(scores, rows), base.brier),
    logLossDifference: difference(logLossFigure(scores, rows), base.logLoss),
  };
}

/** Returns ten bins of equal width. */
function calibrationOf(rows: LabelledRows, withInterval: boolean): QualityBin[] {
  const { scores, labels, weights } = rows;
  const binOf = new Uint8Array(scores.length);
  for (let i = 0; i < scores.length; i++) binOf[i] = Math.min(BINS - 1, Math.floor(scores[i] * BINS));
  return Array.from({ length: BINS }, (_, bin) => {
    const inBin = binOf.map((own) => (own === bin ? 1 : 0));
    const limits = { from: bin / BINS, to: (bin + 1) / BINS, rows: sum(inBin) };
    if (limits.rows === 0) return { ...limits, predicted: null, observed: NO_ESTIMATE };
    const observed = estimateOf(meanFigure(labels, weights, inBin), rows, "share");
    return {
      ...limits,
      predicted: meanFigure(scores, weights, inBin).value,
      observed: withInterval ? observed : { ...NO_ESTIMATE, value: observed.value },
    };
  });
}

const numberOrNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
