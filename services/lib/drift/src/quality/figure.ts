import type { LabelledRows } from "./labelled-rows.ts";
import type { Ranking } from "./ranking.ts";

/** A figure of weighted rows, with what its interval needs. */
export interface Figure {
  /** NaN: the rows do not determine it, for example because they have one class only. */
  readonly value: number;
  /**
   * By how much each row changes the value, to first order: its weight times the derivative of the value by the weight. The sum over
   * all rows is 0. Source: Demnati & Rao, "Linearization variance estimators for survey data", Survey Methodology 30, 2004.
   */
  readonly influence: Float64Array;
  /** Number of equally weighted rows that determine the value, (Σ w)² ÷ Σ w² (Kish 1965); of a ranking, those of the smaller class. */
  readonly effectiveRows: number;
}

const UNDETERMINED: Figure = { value: Number.NaN, influence: new Float64Array(0), effectiveRows: 0 };

type Rows = Pick<LabelledRows, "labels" | "weights">;

/** Returns the weighted mean of values that the shares select: Σ w·s·x ÷ Σ w·s. */
export function meanFigure(values: ArrayLike<number>, weights: Float64Array, shares?: ArrayLike<number>): Figure {
  let [sum, total, squares] = [0, 0, 0];
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] * (shares === undefined ? 1 : shares[i]);
    sum += weight * values[i];
    total += weight;
    squares += weight ** 2;
  }
  if (!(total > 0)) return UNDETERMINED;
  const value = sum / total;
  const influence = new Float64Array(weights.length);
  for (let i = 0; i < weights.length; i++)
    influence[i] = (weights[i] * (shares === undefined ? 1 : shares[i]) * (values[i] - value)) / total;
  return { value, influence, effectiveRows: total ** 2 / squares };
}

/** Sum of the weights of one class, and the number of equally weighted rows with the same precision. */
interface ClassWeight {
  readonly sum: number;
  readonly effectiveRows: number;
}

function classWeight({ labels, weights }: Rows, label: number): ClassWeight {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== label) continue;
    sum += weights[i];
    squares += weights[i] ** 2;
  }
  return { sum, effectiveRows: sum > 0 ? sum ** 2 / squares : 0 };
}

/**
 * Returns the area under the ROC curve of a ranking; ties count one half. Its influence is that of the placement values. Source: Obuchowski,
 * "Nonparametric analysis of clustered ROC curve data", Biometrics 53, 1997.
 * @param ranking the row with the highest risk first
 */
export function aucFigure({ order, groups, starts }: Ranking, rows: Rows): Figure {
  const { labels, weights } = rows;
  const [ofPositives, ofNegatives] = [classWeight(rows, 1), classWeight(rows, 0)];
  const [positives, negatives] = [ofPositives.sum, ofNegatives.sum];
  if (!(positives > 0 && negatives > 0)) return UNDETERMINED;
  // First the placement value of each row, then its influence.
  const influence = new Float64Array(labels.length);
  let [positivesAbove, negativesAbove, pairs] = [0, 0, 0];
  for (let g = 0; g < groups; g++) {
    let [tiedPositives, tiedNegatives] = [0, 0];
    for (let i = starts[g]; i < starts[g + 1]; i++) {
      if (labels[order[i]] === 1) tiedPositives += weights[order[i]];
      else tiedNegatives += weights[order[i]];
    }
    const below = (negatives - negativesAbove - tiedNegatives / 2) / negatives;
    const above = (positivesAbove + tiedPositives / 2) / positives;
    for (let i = starts[g]; i < starts[g + 1]; i++) influence[order[i]] = labels[order[i]] === 1 ? below : above;
    // As a count of pairs, which is exact for equal weights: a perfect ranking has the AUC 1.
    pairs += tiedPositives * (negatives - negativesAbove - tiedNegatives / 2);
    positivesAbove += tiedPositives;
    negativesAbove += tiedNegatives;
  }
  const value = pairs / (positives * negatives);
  for (let row = 0; row < influence.length; row++)
    influence[row] = (weights[row] * (influence[row] - value)) / (labels[row] === 1 ? positives : negatives);
  return { value, influence, effectiveRows: Math.min(ofPositives.effectiveRows, ofNegatives.effectiveRows) };
}

/** Returns the average precision: the mean of the precision at each positive, where tied scores are one step. */
export function averagePrecisionFigure({ order, groups, starts }: Ranking, rows: Rows): Figure {
  const { labels, weights } = rows;
  const { sum: positives, effectiveRows } = classWeight(rows, 1);
  if (!(positives > 0)) return UNDETERMINED;
  // Of each group: the weight of its positives, of all rows down to it, and the precision there.
  const [positive, seen, precision] = [new Float64Array(groups), new Float64Array(groups), new Float64Array(groups)];
  let [total, totalPositive, value] = [0, 0, 0];
  for (let g = 0; g < groups; g++) {
    for (let i = starts[g]; i < starts[g + 1]; i++) {
      total += weights[order[i]];
      if (labels[order[i]] === 1) positive[g] += weights[order[i]];
    }
    totalPositive += positive[g];
    seen[g] = total;
    precision[g] = totalPositive / total;
    value += (positive[g] / positives) * precision[g];
  }
  const influence = new Float64Array(labels.length);
  // Each row also changes the precision at every positive with its score or a lower one.
  let [gain, loss] = [0, 0];
  for (let g = groups - 1; g >= 0; g--) {
    gain += positive[g] / seen[g];
    loss += (positive[g] * precision[g]) / seen[g];
    for (let i = starts[g]; i < starts[g + 1]; i++) {
      const own = labels[order[i]] === 1 ? precision[g] - value + gain : 0;
      influence[order[i]] = (weights[order[i]] * (own - loss)) / positives;
    }
  }
  return { value, influence, effectiveRows };
}

/**
 * Returns precision and recall of the rows with the highest scores of each week. The score of the last place moves with the scores, so the
 * number of selected rows does not vary: the influence has a term for it, with the share of positives near that place. Source: the quantile as
 * a sum of Bahadur, "A note on quantiles in large samples", Annals of Mathematical Statistics 37, 1966.
 */
export function selectionFigures(
  ranking: Ranking,
  { labels, weights }: Rows,
  shares: Float64Array,
): { readonly precision: Figure; readonly recall: Figure } {
  const precision = meanFigure(labels, weights, shares);
  const recall = meanFigure(shares, weights, labels);
  const selected = meanFigure(shares, weights);
  if (Number.isNaN(precision.value) || Number.isNaN(recall.value) || selected.value >= 1) return { precision, recall };
  const nearCut = positivesNearCut(ranking, { labels, weights }, shares);
  const move = (figure: Figure, by: number): Figure => ({
    ...figure,
    influence: figure.influence.map((change, i) => change + by * selected.influence[i]),
  });
  const positives = meanFigure(labels, weights).value;
  return {
    precision: move(precision, (precision.value - nearCut) / selected.value),
    recall: move(recall, -nearCut / positives),
  };
}

/** Returns the share of positives among the selected rows with the lowest scores and as many others with the highest scores. */
function positivesNearCut({ order }: Ranking, { labels, weights }: Rows, shares: Float64Array): number {
  const selected = shares.reduce((count, share) => count + (share > 0 ? 1 : 0), 0);
  const most = Math.max(10, Math.ceil(selected / 5));
  let [positive, all] = [0, 0];
  const count = (row: number): void => {
    all += weights[row];
    positive += weights[row] * labels[row];
  };
  for (let i = order.length - 1, taken = 0; i >= 0 && taken < most; i--) {
    if (!(shares[order[i]] > 0)) continue;
    count(order[i]);
    taken++;
  }
  for (let i = 0, taken = 0; i < order.length && taken < most; i++) {
    if (shares[order[i]] > 0) continue;
    count(order[i]);
    taken++;
  }
  return all > 0 ? positive / all : 0;
}

/** Minimum distance of a probability from 0 and 1, so that one confident wrong score has a finite loss. */
const LEAST_PROBABILITY = 1e-15;

/** Returns the mean squared error of probabilities (Brier 1950). */
export function brierFigure(probabilities: Float64Array, { labels, weights }: Rows): Figure {
  return meanFigure(
    probabilities.map((p, i) => (p - labels[i]) ** 2),
    weights,
  );
}

/** Returns the mean log loss of probabilities, in nats. Probabilities are limited to [1e-15, 1 - 1e-15]. */
export function logLossFigure(probabilities: Float64Array, { labels, weights }: Rows): Figure {
  const losses = probabilities.map((probability, i) => {
    const p = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, probability));
    return labels[i] === 1 ? -Math.log(p) : -Math.log1p(-p);
  });
  return meanFigure(losses, weights);
}

/** Returns the difference of two figures of the same rows. */
export function differenceFigure(first: Figure, second: Figure): Figure {
  const value = first.value - second.value;
  if (Number.isNaN(value)) return UNDETERMINED;
  return {
    value,
    influence: first.influence.map((change, i) => change - second.influence[i]),
    effectiveRows: Math.min(first.effectiveRows, second.effectiveRows),
  };
}
