/** Returns the rows in the order of decreasing score; ties are in the order of the rows. */
function descending(scores: Float64Array): Uint32Array {
  return Uint32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
}

/** A ranking that is sorted once and evaluated with different row weights. */
export interface Ranking {
  /**
   * Returns the area under the ROC curve, where ties count one half (Hanley & McNeil 1982).
   * @param weights One per row; unset: all 1.
   * @returns In [0, 1]; NaN when one class has no weight.
   */
  auc(weights?: Float64Array): number;
}

/** Creates the ranking of `scores` against 0/1 `labels`. */
export function createRanking(scores: Float64Array, labels: Uint8Array): Ranking {
  const order = descending(scores);
  return {
    auc(weights) {
      let positives = 0;
      let negatives = 0;
      let pairs = 0;
      for (let i = 0; i < order.length; ) {
        const score = scores[order[i]];
        let tiedPositives = 0;
        let tiedNegatives = 0;
        for (; i < order.length && scores[order[i]] === score; i++) {
          const row = order[i];
          const weight = weights === undefined ? 1 : weights[row];
          if (labels[row] === 1) tiedPositives += weight;
          else tiedNegatives += weight;
        }
        pairs += tiedNegatives * (positives + tiedPositives / 2);
        positives += tiedPositives;
        negatives += tiedNegatives;
      }
      return positives > 0 && negatives > 0 ? pairs / (positives * negatives) : Number.NaN;
    },
  };
}

/**
 * Returns the average precision: the mean of the precision at each positive, where tied scores are one step.
 * In [0, 1]; NaN without positives.
 */
export function averagePrecision(scores: Float64Array, labels: Uint8Array): number {
  const order = descending(scores);
  let positives = 0;
  let seen = 0;
  let sum = 0;
  for (let i = 0; i < order.length; ) {
    const score = scores[order[i]];
    let tied = 0;
    for (; i < order.length && scores[order[i]] === score; i++) {
      tied += labels[order[i]];
      seen++;
    }
    positives += tied;
    sum += (tied * positives) / seen;
  }
  return positives > 0 ? sum / positives : Number.NaN;
}

/** Returns the mean squared error of probabilities against 0/1 labels (Brier 1950). */
export function brierScore(probabilities: Float64Array, labels: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) sum += (probabilities[i] - labels[i]) ** 2;
  return sum / labels.length;
}

/** Minimum distance of a probability from 0 and 1, so that one confident wrong score has a finite loss. */
const LEAST_PROBABILITY = 1e-15;

/**
 * Returns the mean log loss of probabilities against 0/1 labels, in nats. Probabilities are limited to
 * [1e-15, 1 − 1e-15].
 */
export function logLoss(probabilities: Float64Array, labels: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const p = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, probabilities[i]));
    sum -= labels[i] === 1 ? Math.log(p) : Math.log1p(-p);
  }
  return sum / labels.length;
}

/** Share of positives among the k rows with the highest scores. */
export interface PrecisionAtK {
  readonly k: number;
  /** The precision, in [0, 1]. Rows with the same score as the k-th row share the remaining places. */
  readonly precision: number;
}

/** Returns the precision among the k highest scores. @param k At most the number of rows. */
export function precisionAtK(scores: Float64Array, labels: Uint8Array, k: number): PrecisionAtK {
  const order = descending(scores);
  const last = scores[order[k - 1]];
  let [above, aboveTrue, tied, tiedTrue] = [0, 0, 0, 0];
  for (let i = 0; i < labels.length; i++) {
    const score = scores[i];
    if (score > last) {
      above++;
      aboveTrue += labels[i];
    } else if (score === last) {
      tied++;
      tiedTrue += labels[i];
    }
  }
  return { k, precision: (aboveTrue + (tiedTrue * (k - above)) / tied) / k };
}

/** Rows whose probability is in [from, to), with their mean probability and their share of positives. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Mean probability; NaN without rows. */
  readonly predicted: number;
  /** Share of positives; NaN without rows. */
  readonly observed: number;
}

/** Returns ten bins of equal width. */
export function calibrationTable(probabilities: Float64Array, labels: Uint8Array): CalibrationBin[] {
  return Array.from({ length: 10 }, (_, bin) => {
    let rows = 0;
    let predicted = 0;
    let observed = 0;
    for (let i = 0; i < labels.length; i++) {
      const p = probabilities[i];
      if (Math.min(9, Math.floor(p * 10)) !== bin) continue;
      rows++;
      predicted += p;
      observed += labels[i];
    }
    return { from: bin / 10, to: (bin + 1) / 10, rows, predicted: predicted / rows, observed: observed / rows };
  });
}
