/** Rows in order of falling score, ties by row number. */
function descending(scores: Float64Array): Uint32Array {
  return Uint32Array.from(scores.keys()).sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
}

/** A ranking that is sorted once and measured under many row weights. */
export interface Ranking {
  /**
   * Area under the ROC curve, ties counting one half (Hanley & McNeil 1982).
   * @param weights One per row; omitted: all one.
   * @returns In [0, 1]; NaN when one class has no weight.
   */
  auc(weights?: Float64Array): number;
}

/** Prepares a ranking of `scores` against 0/1 `labels`. */
export function createRanking(scores: Float64Array, labels: Uint8Array): Ranking {
  const order = descending(scores);
  return {
    auc(weights) {
      let positives = 0;
      let negatives = 0;
      let pairs = 0;
      for (let i = 0; i < order.length; ) {
        const score = scores[order[i] as number] as number;
        let tiedPositives = 0;
        let tiedNegatives = 0;
        for (; i < order.length && scores[order[i] as number] === score; i++) {
          const row = order[i] as number;
          const weight = weights === undefined ? 1 : (weights[row] as number);
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

/** Average precision: precision at each positive, tied scores as one step. In [0, 1]; NaN without positives. */
export function averagePrecision(scores: Float64Array, labels: Uint8Array): number {
  const order = descending(scores);
  let positives = 0;
  let seen = 0;
  let sum = 0;
  for (let i = 0; i < order.length; ) {
    const score = scores[order[i] as number] as number;
    let tied = 0;
    for (; i < order.length && scores[order[i] as number] === score; i++) {
      tied += labels[order[i] as number] as number;
      seen++;
    }
    positives += tied;
    sum += (tied * positives) / seen;
  }
  return positives > 0 ? sum / positives : Number.NaN;
}

/** Mean squared error of probabilities against 0/1 labels (Brier 1950). */
export function brierScore(probabilities: Float64Array, labels: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) sum += ((probabilities[i] as number) - (labels[i] as number)) ** 2;
  return sum / labels.length;
}

/** Probabilities are kept this far from 0 and 1, so that one certain mistake has a finite loss. */
const LEAST_PROBABILITY = 1e-15;

/** Mean log loss of probabilities against 0/1 labels, in nats; probabilities are kept within 1e-15 and 1 − 1e-15. */
export function logLoss(probabilities: Float64Array, labels: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const p = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, probabilities[i] as number));
    sum -= labels[i] === 1 ? Math.log(p) : Math.log1p(-p);
  }
  return sum / labels.length;
}

/** Among the k rows of the highest scores, the share that came true. */
export interface PrecisionAtK {
  readonly k: number;
  /** In [0, 1]; rows that tie at the k-th score count by the share of them that fits in. */
  readonly precision: number;
}

/** Precision among the k highest scores. @param k At most the number of rows. */
export function precisionAtK(scores: Float64Array, labels: Uint8Array, k: number): PrecisionAtK {
  const order = descending(scores);
  const last = scores[order[k - 1] as number] as number;
  let [above, aboveTrue, tied, tiedTrue] = [0, 0, 0, 0];
  for (let i = 0; i < labels.length; i++) {
    const score = scores[i] as number;
    if (score > last) {
      above++;
      aboveTrue += labels[i] as number;
    } else if (score === last) {
      tied++;
      tiedTrue += labels[i] as number;
    }
  }
  return { k, precision: (aboveTrue + (tiedTrue * (k - above)) / tied) / k };
}

/** Rows whose probability lies in [from, to), and how often the risk came true among them. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Mean probability; NaN without rows. */
  readonly predicted: number;
  /** Share of positives; NaN without rows. */
  readonly observed: number;
}

/** Ten bins of equal width. */
export function calibrationTable(probabilities: Float64Array, labels: Uint8Array): CalibrationBin[] {
  return Array.from({ length: 10 }, (_, bin) => {
    let rows = 0;
    let predicted = 0;
    let observed = 0;
    for (let i = 0; i < labels.length; i++) {
      const p = probabilities[i] as number;
      if (Math.min(9, Math.floor(p * 10)) !== bin) continue;
      rows++;
      predicted += p;
      observed += labels[i] as number;
    }
    return { from: bin / 10, to: (bin + 1) / 10, rows, predicted: predicted / rows, observed: observed / rows };
  });
}
