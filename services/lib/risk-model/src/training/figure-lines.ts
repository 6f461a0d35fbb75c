import type { Evaluation } from "../evaluate/evaluation.ts";
import type { OutOfFoldFigures } from "./calibrate-model.ts";

const figure = (x: number): string => (Number.isNaN(x) ? "not defined" : x.toFixed(4));

/**
 * Returns the figures of the same training on its own rows, each scored by a model that was not trained on
 * the row.
 */
export function outOfFoldLine({ rows, positives, auc, brier, baseRateBrier }: OutOfFoldFigures): string {
  return `Out of fold on ${rows} training rows (${positives} positive): AUC ${figure(auc)}, Brier score ${figure(brier)}; base rate ${figure(baseRateBrier)}.`;
}

/** Minimum difference of AUC that matters in practice. */
const LEVEL = 0.005;

/** States in Markdown whether the model ranks the rows better than the single feature. */
export function verdict({ auc, aucInterval, baseline, brier, baseRateBrier }: Evaluation): string {
  const probabilities =
    brier < baseRateBrier
      ? ""
      : " **Its probabilities are no better than the training rate for all:** use it to rank only.";
  if (baseline === null) return `The model has no numeric feature to hold it against.${probabilities}`;
  const ahead = auc - baseline.auc;
  if (Math.abs(ahead) < LEVEL) return `The model and the single feature rank these rows equally well.${probabilities}`;
  if (ahead < 0)
    return `**The single feature wins by ${figure(-ahead)}.** Rank by it until a model does better.${probabilities}`;
  const certain = aucInterval !== null && aucInterval[0] > baseline.auc;
  return `The model wins by ${figure(ahead)}${certain ? "." : "; its interval reaches down to the single feature, so this may be chance."}${probabilities}`;
}
