import { countText } from "@bellwether/reasons/count-text";
import type { ComparedFigure, ScoreComparison } from "@bellwether/risk-model/evaluate/compare-scores";

const NAMES = { auc: "AUC", brier: "Brier score", logLoss: "log loss" } as const;

/**
 * Returns the comparison of two versions on the same rows, as the JSON of `evaluate`.
 * @param isValid Whether neither version was trained on the rows. If false, the differences do not show which version is better.
 */
export function comparisonJson(version: string, { auc, brier, logLoss, ...counts }: ScoreComparison, isValid: boolean) {
  const figure = ({ first, second, difference, interval }: ComparedFigure) => ({
    against: first,
    this: second,
    difference,
    interval,
  });
  return {
    version,
    verdict_valid: isValid,
    ...counts,
    auc: figure(auc),
    brier: figure(brier),
    log_loss: figure(logLoss),
  };
}

/**
 * Returns lines that compare two versions on the same rows. Each line has one metric of both versions, their
 * difference and its 95 % confidence interval. When `isValid`, the line also says whether `now` is better.
 * @param before Name of the version that `now` is compared with.
 * @param isValid False when a version may have been trained on some of the rows.
 */
export function comparisonLines(before: string, now: string, comparison: ScoreComparison, isValid: boolean): string[] {
  return [
    `${now} against ${before} on the same ${countText(comparison.rows, "row")}, ${comparison.positives} positive:`,
    ...(["auc", "brier", "logLoss"] as const).map((name) => {
      const { first, second, difference, interval } = comparison[name];
      const better = name === "auc" ? difference > 0 : difference < 0;
      const range = interval === null ? "no interval" : `95 %: ${signed(interval[0])} to ${signed(interval[1])}`;
      const certain = interval !== null && interval[0] * interval[1] > 0;
      const verdict = certain ? (better ? "better" : "worse") : "not significant";
      const shown = isValid ? `: ${verdict}` : " (rows that a version may have been trained on)";
      return `${NAMES[name].padEnd(19)}${second.toFixed(4)} against ${first.toFixed(4)}, difference ${signed(difference)} (${range})${shown}`;
    }),
  ];
}

const signed = (x: number): string => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(4)}`;
