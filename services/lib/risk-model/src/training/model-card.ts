import type { FeatureBundle } from "../bundle/feature-bundle.ts";
import type { Evaluation } from "../evaluate/evaluation.ts";
import type { ModelSpec } from "../spec/model-spec.ts";
import type { RowCounts } from "./train-risk-model.ts";

const figure = (x: number): string => (Number.isNaN(x) ? "not defined" : x.toFixed(4));

function verdict(evaluation: Evaluation): string {
  const { auc, aucInterval, baseline } = evaluation;
  if (baseline === null) return "The model has no numeric feature to hold it against.";
  const ahead = auc - baseline.auc;
  if (Math.abs(ahead) < 0.005) return "The model and the single feature rank these rows equally well.";
  if (ahead < 0) return `**The single feature wins by ${figure(-ahead)}.** Rank by it until a model does better.`;
  const certain = aucInterval !== null && aucInterval[0] > baseline.auc;
  return `The model wins by ${figure(ahead)}${certain ? "." : "; the interval holds the baseline, so this may be chance."}`;
}

/** The model card in Markdown: what it is for, what it was trained on, how good it is beside the trivial answers, where it ends. */
export function renderModelCard(
  bundle: FeatureBundle,
  spec: ModelSpec,
  evaluation: Evaluation,
  rows: RowCounts,
): string {
  const { baseline, aucInterval } = evaluation;
  const interval = aucInterval === null ? "no interval" : `${figure(aucInterval[0])} to ${figure(aucInterval[1])}`;
  const bins = evaluation.calibration
    .filter((bin) => bin.rows > 0)
    .map(
      (bin) =>
        `| ${bin.from.toFixed(1)}–${bin.to.toFixed(1)} | ${bin.rows} | ${figure(bin.predicted)} | ${figure(bin.observed)} |`,
    );
  const split =
    spec.split.by === "time"
      ? `by time: test rows from ${rows.testFrom}, ${rows.purged} rows purged whose label window reaches into the test period`
      : "by supplier: no supplier on both sides";
  return `# Model card: ${bundle.modelName}

Estimates the probability that a supplier turns out \`${bundle.classes.risk}\`, and explains it by exact SHAP values (${bundle.explanation.kind}).
For ranking suppliers and opening a conversation; a person decides. Not for automatic contract decisions.

## Data
- Trainer: ${spec.trainer.kind}, ${spec.trainer.trees} trees, seed ${spec.seed}; ${bundle.columns.length} columns from ${bundle.features.length} features${bundle.text === null ? "" : ` and ${bundle.text.terms.length} terms of ${bundle.text.feature}`}.
- Split ${split}.
- Rows: ${rows.train} training, ${rows.calibration} calibration, ${rows.test} test, ${rows.refused} refused by the features' rules.
- Calibration: ${bundle.calibration.kind}. Bands: high from ${bundle.bands.high}, medium from ${bundle.bands.medium}.

## Figures on the test rows
n = ${evaluation.rows}, positives = ${evaluation.positives}, suppliers = ${evaluation.suppliers}

| | model | trivial answer |
|---|---|---|
| AUC | ${figure(evaluation.auc)} (95 %: ${interval}) | ${baseline === null ? "–" : `${figure(baseline.auc)} (\`${baseline.feature}\` alone, ${baseline.direction} is worse)`} |
| average precision | ${figure(evaluation.averagePrecision)} | ${figure(evaluation.positives / evaluation.rows)} (any order) |
| Brier score | ${figure(evaluation.brier)} | ${figure(evaluation.baseRateBrier)} (training rate for all) |

${verdict(evaluation)}

## Calibration on the test rows
| score | rows | mean score | came true |
|---|---|---|---|
${bins.join("\n")}

## Limits
The interval resamples suppliers; it says nothing about a world that changes. Values outside the training range are answered with a warning.
Contributions are in the model's ${bundle.outputSpace}, before calibration.
`;
}
