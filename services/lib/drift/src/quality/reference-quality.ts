import { countSuppliers, intervalNote } from "./class-counts.ts";
import { type Estimate, estimateOf, NO_ESTIMATE, type Scale } from "./estimate.ts";
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
import type { Selection } from "./selection.ts";

/** The quality of another version on the rows that both versions have scored, and the difference of the model from it. */
export interface ReferenceQuality {
  /** Number of rows that the other version has scored. */
  readonly rows: number;
  readonly auc: Estimate;
  readonly averagePrecision: Estimate;
  readonly brier: Estimate;
  readonly logLoss: Estimate;
  readonly atThreshold: Selection;
  /** Null: the k-th highest score is not known of any week. */
  readonly atCapacity: (Selection & { readonly precisionDifference: Estimate }) | null;
  /** Model minus the other version, on these rows. */
  readonly aucDifference: Estimate;
  readonly averagePrecisionDifference: Estimate;
  readonly brierDifference: Estimate;
  readonly logLossDifference: Estimate;
}

/** Measures the other version of rows, and the model on the same rows. Null: the rows have no columns of another version. */
export function measureReference(all: LabelledRows): ReferenceQuality | null {
  if (all.reference === undefined) return null;
  const rows = rowsWhere(all, all.reference.scores);
  const { scores = new Float64Array(), flags = new Float64Array() } = rows.reference ?? {};
  const { labels, weights } = rows;
  const estimate = createEstimate(rows);
  const [own, other] = [rankRows(rows.scores), rankRows(scores)];
  const compare = (model: Figure, reference: Figure, scale: Scale) => ({
    value: estimate(reference, scale),
    difference: estimate(differenceFigure(model, reference), "difference"),
  });
  const auc = compare(aucFigure(own, rows), aucFigure(other, rows), "share");
  const precision = compare(averagePrecisionFigure(own, rows), averagePrecisionFigure(other, rows), "share");
  const brier = compare(brierFigure(rows.scores, rows), brierFigure(scores, rows), "positive");
  const logLoss = compare(logLossFigure(rows.scores, rows), logLossFigure(scores, rows), "positive");
  return {
    rows: labels.length,
    ...{ auc: auc.value, averagePrecision: precision.value, brier: brier.value, logLoss: logLoss.value },
    ...{ aucDifference: auc.difference, averagePrecisionDifference: precision.difference },
    ...{ brierDifference: brier.difference, logLossDifference: logLoss.difference },
    atThreshold: {
      flagged: flaggedOf(flags, weights),
      precision: estimate(meanFigure(labels, weights, flags), "share"),
      recall: estimate(meanFigure(flags, weights, labels), "share"),
    },
    atCapacity: capacityOf(rows),
  };
}

/** Measures the suppliers with the highest scores, in the weeks in which they are known. */
function capacityOf(all: LabelledRows): ReferenceQuality["atCapacity"] {
  const rows = rowsWhere(all, all.reference?.capacityShares ?? new Float64Array());
  const { reference, weights } = rows;
  if (reference === undefined || rows.labels.length === 0) return null;
  const estimate = createEstimate(rows);
  const other = selectionFigures(rankRows(reference.scores), rows, reference.capacityShares);
  const own = selectionFigures(rankRows(rows.scores), rows, rows.capacityShares);
  return {
    flagged: flaggedOf(reference.capacityShares, weights),
    precision: estimate(other.precision, "share"),
    recall: estimate(other.recall, "share"),
    precisionDifference: estimate(differenceFigure(own.precision, other.precision), "difference"),
  };
}

function rowsWhere(rows: LabelledRows, column: Float64Array): LabelledRows {
  const known = positionsWhere(column.length, (row) => !Number.isNaN(column[row]));
  return known.length === rows.labels.length ? rows : selectRows(rows, known);
}

/** Returns the function that estimates figures of these rows, without intervals when they have too few suppliers. */
function createEstimate(rows: LabelledRows): (figure: Figure, scale: Scale) => Estimate {
  const [positives, negatives] = countSuppliers(rows);
  const hasInterval = intervalNote(rows.labels.length, positives, negatives) === "";
  return (figure, scale) => {
    const found = estimateOf(figure, rows, scale);
    return hasInterval ? found : { ...NO_ESTIMATE, value: found.value };
  };
}

function flaggedOf(shares: Float64Array, weights: Float64Array): number {
  return shares.reduce((sum, share, i) => sum + share * weights[i], 0);
}
