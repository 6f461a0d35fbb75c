import type { ModelSpec } from "@bellwether/config/model-spec";
import { countText } from "@bellwether/reasons/count-text";
import type { FeatureBundle } from "../bundle/feature-bundle.ts";
import type { Evaluation } from "../evaluate/evaluation.ts";
import type { Interval } from "../evaluate/figure-intervals.ts";
import type { CalibratedModel } from "./calibrate-model.ts";
import { calibrationLine } from "./calibration-line.ts";
import { calibrationPlot } from "./calibration-plot.ts";
import { type GridSearch, gridLines } from "./choose-trainer.ts";
import { outOfFoldLine, verdict } from "./figure-lines.ts";
import type { LeftOutRows } from "./left-out.ts";
import type { TrainingProvenance } from "./provenance.ts";
import type { RowCounts, RowsSummary } from "./row-counts.ts";

/** Content of a model card. */
export interface ModelCard {
  readonly bundle: FeatureBundle;
  readonly spec: ModelSpec;
  readonly evaluation: Evaluation;
  readonly calibration: CalibratedModel;
  /** Null: the configuration declares no grid. */
  readonly grid: GridSearch | null;
  readonly rowCounts: RowCounts;
  readonly leftOut: readonly LeftOutRows[];
  /** Reasons for which the figures may be too good. */
  readonly warnings: readonly string[];
  readonly provenance: TrainingProvenance;
  readonly summaries: Readonly<Record<"training" | "calibration" | "test", RowsSummary>>;
}

/**
 * Writes the model card in Markdown: purpose, training data, figures beside those of trivial scores, limits.
 */
export function renderModelCard(card: ModelCard): string {
  const { bundle, evaluation } = card;
  return `# Model card: ${bundle.modelName}

Estimates the probability that a supplier turns out \`${bundle.classes.risk}\`, and explains it by exact SHAP values (${bundle.explanation.kind}).

## Intended use
For ranking suppliers and opening a conversation; a person decides. Not for automatic decisions about contracts, and not for suppliers unlike
those below.

## Model
${modelLines(card).join("\n")}

## Data
${dataLines(card).join("\n")}

## Figures on the test rows
n = ${evaluation.rows}, positives = ${evaluation.positives}, suppliers = ${evaluation.suppliers}

${figureLines(evaluation).join("\n")}
${outOfFoldParagraph(card.calibration)}
${verdict(evaluation)}
${warningLines(card)}
## Calibration on the test rows
${calibrationLines(evaluation).join("\n")}

## Limits
${limitLines(card).join("\n")}
`;
}

/** Warnings that the figures may be too good; without any, the card has no line for them. */
const warningLines = ({ warnings }: ModelCard): string =>
  warnings.map((warning) => `\n**Warning:** ${warning}.\n`).join("");

const figure = (x: number): string => (Number.isNaN(x) ? "not defined" : x.toFixed(4));
const share = (part: number, of: number): string => (of === 0 ? "–" : `${((100 * part) / of).toFixed(1)} %`);

function modelLines({ bundle, spec, calibration, grid }: ModelCard): string[] {
  const { trainer } = spec;
  const shape =
    trainer.kind === "gradient_boosting"
      ? `depth ${trainer.maxDepth}, learning rate ${trainer.learningRate}`
      : `depth ${trainer.maxDepth === 0 ? "unlimited" : trainer.maxDepth}, at least ${countText(trainer.minLeaf, "row")} a leaf`;
  const text =
    bundle.text === null ? "" : ` and ${countText(bundle.text.terms.length, "term")} of ${bundle.text.feature}`;
  return [
    `- Trainer: ${trainer.kind}, ${countText(trainer.trees, "tree")}, ${shape}, seed ${spec.seed}.`,
    ...(grid === null ? [] : gridLines(grid).map((line, i) => (i === 0 ? `- Trainer ${line}.` : `  - ${line}`))),
    `- Input: ${countText(bundle.columns.length, "column")} from ${countText(bundle.features.length, "feature")}${text}.`,
    `- Calibration: ${calibrationLine(calibration)}`,
    `- Bands: high from ${bundle.bands.high}, medium from ${bundle.bands.medium}.`,
    ...directionLines(bundle),
    `- Configuration: \`${bundle.configHash}\`.`,
  ];
}

/** States which declared directions the trees keep, and which they do not. */
function directionLines({ features }: Pick<FeatureBundle, "features">): string[] {
  const declared = features.filter(({ direction }) => direction !== "unknown");
  const named = (held: boolean): string =>
    declared
      .filter(({ monotone }) => monotone === held)
      .map(({ name, direction }) => `\`${name}\` ${direction}`)
      .join(", ");
  const [held, free] = [named(true), named(false)];
  return [
    ...(held === "" ? [] : [`- Held to the declared direction (monotone splits): ${held}.`]),
    ...(free === "" ? [] : [`- **Not** held to the declared direction (\`monotone: false\`): ${free}.`]),
  ];
}

function dataLines({ spec, rowCounts, summaries, provenance, leftOut }: ModelCard): string[] {
  const { by, horizonDays, gapDays } = spec.split;
  const split =
    by === "time"
      ? `Split by time: test rows from ${rowCounts.testFrom} on; ${countText(rowCounts.purged, "row is", "rows are")} left out whose label window (${horizonDays} days, gap ${gapDays}) reaches into the test period.`
      : "Split by supplier: no supplier on both sides.";
  const row = (name: string, { rows, positives, suppliers, period }: RowsSummary): string =>
    `| ${name} | ${rows} | ${positives} (${share(positives, rows)}) | ${suppliers} | ${period === null ? "–" : period.join(" to ")} |`;
  return [
    "| rows | n | positives | suppliers | as of |",
    "|---|---|---|---|---|",
    ...Object.entries(summaries)
      .filter(([name, { rows }]) => rows > 0 || name !== "calibration")
      .map(([name, summary]) => row(name, summary)),
    "",
    `${split} ${spec.split.calibrationShare === null ? "Calibration is out of fold: every row that is not a test row trains the model." : "Calibration rows are those of suppliers held out of training."}`,
    `${countText(rowCounts.invalid, "row was", "rows were")} rejected by the features' rules, ${rowCounts.tooFew} had too few known features for a score.`,
    ...leftOutLines(leftOut),
    `Data: SHA-256 \`${provenance.dataSha256}\` of the mapped rows.`,
  ];
}

/** Maximum number of reasons that the card lists; one line sums up the others. */
const MAX_REASONS = 20;
/**
 * Maximum number of characters of an example on the card. They are few, because the card is published with
 * the model.
 */
const MAX_SAMPLE = 80;

function leftOutLines(leftOut: readonly LeftOutRows[]): string[] {
  if (leftOut.length === 0) return [];
  const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
  const rest = leftOut.slice(MAX_REASONS);
  return [
    "",
    "| rows that did not take part | n | for example |",
    "|---|---|---|",
    ...leftOut
      .slice(0, MAX_REASONS)
      .map(
        ({ column, reason, rows, sample }) =>
          `| ${cell(`${column === "" ? "" : `\`${column}\` `}${reason}`)} | ${rows} | ${cell(sample.slice(0, MAX_SAMPLE))} |`,
      ),
    ...(rest.length === 0
      ? []
      : [`| ${rest.length} other reasons | ${rest.reduce((sum, { rows }) => sum + rows, 0)} | |`]),
    "",
  ];
}

function figureLines({ auc, aucInterval, averagePrecision, intervals, baseline, ...of }: Evaluation): string[] {
  const single =
    baseline === null ? "–" : `${figure(baseline.auc)} (\`${baseline.feature}\` alone, ${baseline.direction} is worse)`;
  return [
    "| | model | trivial answer |",
    "|---|---|---|",
    `| AUC | ${figure(auc)} (${intervalText(aucInterval)}) | ${single} |`,
    `| average precision | ${figure(averagePrecision)} (${intervalText(intervals.averagePrecision)}) | ${figure(of.positives / of.rows)} (any order) |`,
    `| Brier score | ${figure(of.brier)} (${intervalText(intervals.brier)}) | ${figure(of.baseRateBrier)} (training rate for all) |`,
    `| log loss | ${figure(of.logLoss)} (${intervalText(intervals.logLoss)}) | ${figure(of.baseRateLogLoss)} (training rate for all) |`,
    ...of.precisionAt.map(
      ({ k, precision }) =>
        `| precision among the ${k} highest | ${figure(precision)} | ${figure(of.positives / of.rows)} (any order) |`,
    ),
  ];
}

const intervalText = (interval: Interval): string =>
  interval === null ? "no interval" : `95 %: ${figure(interval[0])} to ${figure(interval[1])}`;

function outOfFoldParagraph({ outOfFold }: CalibratedModel): string {
  return outOfFold === null ? "" : `\n${outOfFoldLine(outOfFold)}\n`;
}

function calibrationLines({ calibration }: Evaluation): string[] {
  const plot = calibrationPlot(calibration);
  return [
    "| score | rows | mean score | came true |",
    "|---|---|---|---|",
    ...calibration
      .filter((bin) => bin.rows > 0)
      .map(
        (bin) =>
          `| ${bin.from.toFixed(1)}–${bin.to.toFixed(1)} | ${bin.rows} | ${figure(bin.predicted)} | ${figure(bin.observed)} |`,
      ),
    ...(plot.length === 0 ? [] : ["", "```text", ...plot, "```"]),
  ];
}

/** With fewer test positives than this, the figures are only a hint. */
const FEW_POSITIVES = 30;

/**
 * When one bin contains a larger share of the rows than this, the card states that the scores hardly differ.
 */
const NEARLY_ALL = 0.95;

function limitLines({ bundle, evaluation, calibration }: ModelCard): string[] {
  const few =
    evaluation.positives < FEW_POSITIVES
      ? [`- Only ${evaluation.positives} test rows came true: read the interval, not the figure.`]
      : [];
  const uncalibrated =
    bundle.calibration.kind === "none"
      ? ["- The scores are not calibrated: the rows to calibrate on had one class only."]
      : calibration.slope === null
        ? [
            "- The scores are right on average only: no calibration curve was clearly rising, so the log-odds are moved by a constant.",
          ]
        : [];
  const flat =
    evaluation.largestBinShare > NEARLY_ALL
      ? [
          `- ${share(evaluation.largestBinShare, 1)} of the test rows score within a tenth of each other: read the order, not the score.`,
        ]
      : [];
  return [
    ...few,
    ...uncalibrated,
    ...flat,
    "- The interval resamples suppliers; it says nothing about a world that changes.",
    "- Values outside the training range are answered with a warning.",
    `- Contributions are in the model's ${bundle.outputSpace}, before calibration.`,
  ];
}
