import { countText } from "@bellwether/reasons/count-text";
import type { Evaluation } from "@bellwether/risk-model/evaluate/evaluation";

const figure = (x: number): string => (Number.isNaN(x) ? "not defined" : x.toFixed(4));

/** Returns an evaluation as the JSON of `train` and `evaluate`. */
export function evaluationJson(evaluation: Evaluation) {
  return {
    rows: evaluation.rows,
    positives: evaluation.positives,
    suppliers: evaluation.suppliers,
    auc: evaluation.auc,
    auc_interval: evaluation.aucInterval,
    average_precision: evaluation.averagePrecision,
    brier: evaluation.brier,
    base_rate_brier: evaluation.baseRateBrier,
    log_loss: evaluation.logLoss,
    base_rate_log_loss: evaluation.baseRateLogLoss,
    precision_at: evaluation.precisionAt,
    largest_bin_share: evaluation.largestBinShare,
    baseline: evaluation.baseline,
    calibration: evaluation.calibration.filter((bin) => bin.rows > 0),
  };
}

/** Returns an evaluation as text. Each figure is printed with the figure of a trivial prediction. */
export function evaluationLines(name: string, evaluation: Evaluation): string[] {
  const { auc, aucInterval, baseline, rows, positives, suppliers } = evaluation;
  const interval = aucInterval === null ? "" : ` (95 %: ${figure(aucInterval[0])} to ${figure(aucInterval[1])})`;
  return [
    `${name} on ${countText(rows, "test row")}, ${positives} positive, ${countText(suppliers, "supplier")}`,
    `AUC                ${figure(auc)}${interval}; ${baseline === null ? "no single feature to compare with" : `${baseline.feature} alone: ${figure(baseline.auc)}`}`,
    `average precision  ${figure(evaluation.averagePrecision)}; any order: ${figure(positives / rows)}`,
    `Brier score        ${figure(evaluation.brier)}; training rate for all: ${figure(evaluation.baseRateBrier)}`,
    `log loss           ${figure(evaluation.logLoss)}; training rate for all: ${figure(evaluation.baseRateLogLoss)}`,
    ...evaluation.precisionAt.map(
      ({ k, precision }) =>
        `precision at ${String(k).padEnd(6)}${figure(precision)}; any order: ${figure(positives / rows)}`,
    ),
    ...(evaluation.largestBinShare > 0.95
      ? [
          `${(100 * evaluation.largestBinShare).toFixed(1)} % of the scores lie within a range of 0.1: use the scores for ranking only`,
        ]
      : []),
  ];
}
