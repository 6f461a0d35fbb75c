import { countText } from "@bellwether/reasons/count-text";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import type { Agreement } from "../checks/agreement.ts";
import { columnsText, skippedText, type TrainerComparison } from "../checks/expected-answers.ts";
import type { SourceModel } from "../source/source-model.ts";

/** Writes the model card of an imported model in Markdown: its origin, its checks, and what is unknown. */
export function renderImportedCard(
  bundle: FeatureBundle,
  source: SourceModel,
  checks: {
    readonly agreement: Agreement;
    readonly trainer: TrainerComparison | null;
    readonly notes: readonly string[];
    /** One line about the training rows. */
    readonly training: string;
  },
): string {
  const { agreement, trainer, notes, training } = checks;
  const { model } = source;
  const nodes = model.trees.reduce((sum, tree) => sum + tree.feature.length, 0);
  return `# Model card: ${bundle.modelName}

Imported from a file of ${source.producer || "an unnamed program"} (${source.format}); not trained and not evaluated here.

## What it is
- ${countText(model.trees.length, "tree")}, ${countText(nodes, "node")}, ${countText(bundle.columns.length, "column")} from ${countText(bundle.features.length, "feature")}, ${countText(model.outputs, "output")}, link ${model.link}.
- Serves: ${bundle.outputSpace}${bundle.outputSpace === "raw" ? "" : ` of \`${bundle.classes.risk}\``}, not calibrated. Bands: high from ${bundle.bands.high}, medium from ${bundle.bands.medium}.
- Explanation: ${bundle.explanation.kind} (${bundle.explanation.background}).
- Drift: ${training}.
${notes.map((note) => `- ${note}\n`).join("")}
## How it was checked
Our evaluation and ONNX Runtime differ by at most ${agreement.maxRelativeDifference.toExponential(1)}, relative to the sum of the leaves' sizes, on ${countText(agreement.rows, "row")}: random, exactly on
thresholds, missing and infinite values among them.

${trainerLine(trainer)}

## What is not known
What the data were, how good the model is, and for whom. Evaluate it on your own outcomes before it decides anything.
`;
}

/**
 * Returns one line about the comparison of the model with the trainer's outputs. Null: the line states that
 * there was no comparison.
 */
export function trainerLine(trainer: TrainerComparison | null): string {
  if (trainer === null) {
    return "Not compared with its trainer: the file may answer otherwise than the model that was trained, where a converter changed it. Import it with --expected ROWS to prove that it does not.";
  }
  const { rows, compared, maxRelativeDifference, answers, skipped } = trainer;
  const few = rows < 20 ? " A comparison on fewer than 20 rows proves little." : "";
  return `Compared with its trainer's own ${compared}s on ${countText(rows, "row")} (columns taken: ${columnsText(answers)}${skippedText(skipped)}): they differ by at most ${maxRelativeDifference.toExponential(1)}, relative to the sum of the leaves' sizes.${few}`;
}
