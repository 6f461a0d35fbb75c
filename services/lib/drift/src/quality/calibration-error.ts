import type { Figure } from "./figure.ts";
import type { LabelledRows } from "./labelled-rows.ts";
import type { Ranking } from "./ranking.ts";

/** Number of bins with about equally many rows. */
const BINS = 10;

/**
 * Returns the expected calibration error: Σ over bins of |Σ w·(label - score)| ÷ Σ w. A bin has a tenth of the weight; rows with equal
 * scores are in one bin. It is above 0 also for perfect scores, and falls with the number of rows: compare only errors of the same rows.
 * Source: Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015; bins of equal mass as in Roelofs et
 * al., "Mitigating bias in calibration error estimation", AISTATS 2022.
 * @param ranking the ranking of the scores
 */
export function calibrationErrorFigure(
  { order, groups, starts }: Ranking,
  { scores, labels, weights }: Pick<LabelledRows, "scores" | "labels" | "weights">,
): Figure {
  let [total, squares] = [0, 0];
  for (const weight of weights) {
    total += weight;
    squares += weight ** 2;
  }
  if (!(total > 0)) return { value: Number.NaN, influence: new Float64Array(0), effectiveRows: 0 };
  const binOf = new Uint8Array(weights.length);
  const gaps = new Float64Array(BINS);
  let seen = 0;
  for (let g = 0; g < groups; g++) {
    // The bin of the first row decides, so that equal scores stay together.
    const bin = Math.min(BINS - 1, Math.floor((BINS * seen) / total));
    for (let i = starts[g]; i < starts[g + 1]; i++) {
      const row = order[i];
      binOf[row] = bin;
      seen += weights[row];
      gaps[bin] += weights[row] * (labels[row] - scores[row]);
    }
  }
  const value = gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / total;
  const influence = new Float64Array(weights.length);
  for (let row = 0; row < weights.length; row++)
    influence[row] = (weights[row] * (Math.sign(gaps[binOf[row]]) * (labels[row] - scores[row]) - value)) / total;
  return { value, influence, effectiveRows: total ** 2 / squares };
}
