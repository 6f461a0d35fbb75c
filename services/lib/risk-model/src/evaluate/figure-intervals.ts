import { countSuppliers, MIN_CLASS_SUPPLIERS } from "@bellwether/drift/quality/class-counts";
import { estimateOf } from "@bellwether/drift/quality/estimate";
import { averagePrecisionFigure, brierFigure, type Figure, logLossFigure } from "@bellwether/drift/quality/figure";
import { rankRows } from "@bellwether/drift/quality/ranking";
import { clustersOf, labelledScores } from "./labelled-scores.ts";

/** A 95 % interval over suppliers; null when there are too few suppliers of a class. */
export type Interval = readonly [low: number, high: number] | null;

/** Intervals of figures other than the AUC. */
export interface FigureIntervals {
  readonly averagePrecision: Interval;
  readonly brier: Interval;
  readonly logLoss: Interval;
}

/** Returns the intervals of figures, from the influence of each supplier (`estimateOf`). */
export function figureIntervals(
  scores: Float64Array,
  labels: Uint8Array,
  supplierIds: readonly string[],
): FigureIntervals {
  const rows = labelledScores(scores, labels, clustersOf(supplierIds));
  const [positives, negatives] = countSuppliers(rows);
  const hasInterval = Math.min(positives, negatives) >= MIN_CLASS_SUPPLIERS;
  const interval = (of: () => Figure, scale: "share" | "positive"): Interval => {
    if (!hasInterval) return null;
    const { low, high } = estimateOf(of(), rows, scale);
    return low === null || high === null ? null : [low, high];
  };
  return {
    averagePrecision: interval(() => averagePrecisionFigure(rankRows(scores), rows), "share"),
    brier: interval(() => brierFigure(scores, rows), "positive"),
    logLoss: interval(() => logLossFigure(scores, rows), "positive"),
  };
}
