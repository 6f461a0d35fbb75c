import type { ModelSpec } from "@bellwether/config/model-spec";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import type { FeatureBundle } from "../bundle/feature-bundle.ts";
import { calibratedRisk } from "../calibrate/calibration.ts";
import { scoredGoldenRows } from "../calibrate/scored-golden-rows.ts";
import { singleFeatureBaseline } from "../evaluate/baseline.ts";
import { type Evaluation, evaluateScores } from "../evaluate/evaluation.ts";
import type { VectorBatch } from "../features/vector.ts";
import { createVectorizer } from "../features/vectorize.ts";
import { type ImportanceRows, spreadRows } from "../importance/importance.ts";
import type { FeatureTable } from "../tables/feature-table.ts";
import type { TreeProgress } from "../trainer/training-rows.ts";
import { type CalibratedModel, calibrateHeldOut, calibrateOutOfFold } from "./calibrate-model.ts";
import { checkClasses, countPositives } from "./check-classes.ts";
import { chooseTrainer, type GridProgress, type GridSearch } from "./choose-trainer.ts";
import { crossFit } from "./cross-fit.ts";
import { dataDigest } from "./data-digest.ts";
import { draftBundle } from "./draft-bundle.ts";
import { fitInputs } from "./fit-bundle.ts";
import { columnarInput, type FitTask, type FittedModel, fitModel, type RunOnnx } from "./fit-model.ts";
import { supplierFolds, timeFolds } from "./folds.ts";
import { recordGoldenRows } from "./golden-rows.ts";
import { isoDay } from "./iso-day.ts";
import { leakWarnings } from "./leak-warnings.ts";
import { type LeftOutRows, rejectedReasons } from "./left-out.ts";
import { renderModelCard } from "./model-card.ts";
import type { TrainingProvenance } from "./provenance.ts";
import { type RowCounts, type RowsSummary, summariseRows } from "./row-counts.ts";
import { type RowUse, rowUses } from "./row-use.ts";
import { type RowSplit, splitRows } from "./split-rows.ts";
import { NoLabelsError } from "./training-error.ts";
import { profileTraining } from "./training-profile.ts";

/** Input of `trainRiskModel`. */
export interface TrainRiskModel {
  readonly table: FeatureTable;
  readonly spec: ModelSpec;
  /** SHA-256 of the configuration (model_config.yaml and feature_mapping.yaml), lower-case hex. */
  readonly configHash: string;
  readonly runOnnx: RunOnnx;
  /**
   * Rows of the data that are not in `table`, by reason: rejected rows, and rows without a label. The model
   * card lists them.
   */
  readonly leftOut?: readonly LeftOutRows[];
  /** Warnings of the mapping about data of the future. */
  readonly warnings?: readonly string[];
  readonly onTree?: TreeProgress;
  /** Called after each combination of the trainer's grid. */
  readonly onChoice?: GridProgress;
}

/** A trained model with everything that is published. Equal input produces equal bytes. */
export interface TrainedRiskModel {
  readonly treeModel: TreeModel;
  readonly onnx: Uint8Array;
  readonly bundle: FeatureBundle;
  /** `feature_bundle.json`: UTF-8 text that ends with a line break. */
  readonly bundleJson: string;
  readonly evaluation: Evaluation;
  readonly calibration: CalibratedModel;
  /** How the trainer was chosen. Null: the configuration declares no grid. */
  readonly grid: GridSearch | null;
  readonly rowCounts: RowCounts;
  /**
   * Rows of the data that were left out before the split into training and test rows, by reason: first the
   * entries of the input's `leftOut`, then the rows of the table that the rules of the model's features
   * reject.
   */
  readonly leftOut: readonly LeftOutRows[];
  /**
   * Reasons why the figures may be too good, one or two sentences each: first the reasons of the input, then the
   * reasons that the rows give.
   */
  readonly warnings: readonly string[];
  readonly provenance: TrainingProvenance;
  /** Use of each row, in the order of the table. */
  readonly rowUses: readonly RowUse[];
  /** Calibrated scores of the test rows, in the order of the table; NaN on other rows. */
  readonly testScores: Float64Array;
  /** `MODEL_CARD.md`. */
  readonly modelCard: string;
  /** Training rows from which the importance of the features is computed. */
  readonly importanceRows: ImportanceRows;
}

/**
 * Trains, calibrates, evaluates and describes a model. Inputs and trees are fitted on training rows, the
 * calibration on outputs of models that were not trained on the rows, and the figures come from test rows
 * that were used for nothing else. Scores are computed by ONNX Runtime, not by this project's own evaluation.
 * @throws TrainingDataError of the class that names what is missing: labels, columns, time, rows or a class.
 */
export async function trainRiskModel(task: TrainRiskModel): Promise<TrainedRiskModel> {
  const { runOnnx } = task;
  const { labels } = task.table;
  if (labels === null) throw new NoLabelsError(task.spec.target.name);
  const table = { ...task.table, labels };
  const everyRow = Uint32Array.from(labels.keys());
  const violations = rejectedRows(table, task.spec, everyRow);
  const rejected = new Set(violations.map((violation) => violation.row));
  const leftOut = [...(task.leftOut ?? []), ...rejectedReasons(violations, table.supplierIds)];
  const usable = everyRow.filter((row) => !rejected.has(row));
  const split = splitRows(table, usable, task.spec.split, task.spec.seed);

  const declared: FitTask = { table, spec: task.spec, configHash: task.configHash, runOnnx };
  const choice = await chooseTrainer(declared, split.train, task.onChoice);
  const spec = choice === null ? task.spec : { ...task.spec, trainer: choice.trainer };
  const fit: FitTask = { ...declared, spec };
  const crossed = await crossFitBySupplier(fit, split);
  const model = fitModel(fit, split.train, task.onTree).truncated(crossed?.trees ?? spec.trainer.trees);
  const calibration = await calibrate(fit, model, split, crossed);
  const train = model.trained;
  const held = model.withScore(split.calibration);
  const test = model.withScore(split.test);
  const labelsOf = (rows: Uint32Array): Uint8Array => Uint8Array.from(rows, (row) => labels[row]);
  checkClasses("test", labelsOf(test), spec.target);
  const golden = await recordGoldenRows(model.treeModel, model.onnx, model.valuesOf(test), runOnnx);
  const calibrated = { ...model.draft, calibration: calibration.calibration };
  const scores = (await model.outputsOf(test)).map((output) => calibratedRisk(calibrated, output));
  const bundle: FeatureBundle = {
    ...calibrated,
    golden: scoredGoldenRows(calibrated, golden),
    trainingProfile: profileTraining(table, spec, { train, test, testScores: scores }),
  };
  const evaluation = evaluateScores(
    scores,
    labelsOf(test),
    Array.from(test, (row) => table.supplierIds[row]),
    {
      trainingRate: countPositives(labelsOf(train)) / train.length,
      baseline: singleFeatureBaseline(table, labels, numericNames(spec), train, test),
      seed: spec.seed,
    },
  );
  const rowCounts: RowCounts = {
    train: train.length,
    calibration: held.length,
    test: test.length,
    purged: split.purged,
    invalid: rejected.size,
    tooFew: usable.length - split.purged - train.length - held.length - test.length,
    testFrom: split.testFromDay === null ? null : isoDay(split.testFromDay),
  };
  const summaries = {
    training: summariseRows(table, labels, train),
    calibration: summariseRows(table, labels, held),
    test: summariseRows(table, labels, test),
  };
  const warnings = [...(task.warnings ?? []), ...leakWarnings(table, labels, split.train)];
  const provenance = provenanceOf(fit, calibration, summaries.training, rowCounts.testFrom);
  return {
    treeModel: model.treeModel,
    onnx: model.onnx,
    bundle,
    bundleJson: `${JSON.stringify(bundle)}\n`,
    evaluation,
    calibration,
    grid: choice?.search ?? null,
    rowCounts,
    leftOut,
    warnings,
    provenance,
    rowUses: rowUses(table.rows, rejected, split, model.withScore),
    testScores: scatter(table.rows, test, scores),
    importanceRows: importanceRows(model),
    modelCard: renderModelCard({
      ...{ bundle, spec, evaluation, calibration, rowCounts, leftOut, warnings, summaries, provenance },
      grid: choice?.search ?? null,
    }),
  };
}

function importanceRows({ trained, valuesOf }: FittedModel): ImportanceRows {
  const rows = spreadRows(trained.length).map((i) => trained[i]);
  const text =
    rows.length === trained.length
      ? `${rows.length} training rows`
      : `${rows.length} of ${trained.length} training rows`;
  return { values: valuesOf(rows), count: rows.length, text };
}

function scatter(length: number, rows: Uint32Array, values: Float64Array): Float64Array {
  const scattered = new Float64Array(length).fill(Number.NaN);
  for (const [i, row] of rows.entries()) scattered[row] = values[i];
  return scattered;
}

function provenanceOf(
  { table, spec }: FitTask,
  { calibration, from, rows }: CalibratedModel,
  training: RowsSummary,
  testFrom: string | null,
): TrainingProvenance {
  const { by, testShare, horizonDays, gapDays } = spec.split;
  return {
    dataSha256: dataDigest(table),
    rows: training.rows,
    positives: training.positives,
    suppliers: training.suppliers,
    period: training.period,
    split: { by, testShare, testFrom, windowDays: horizonDays + gapDays, seed: spec.seed },
    calibration: { kind: calibration.kind, from, rows },
  };
}

/** Cross-fit for out-of-fold calibration and for early stopping. Null: the spec asks for neither. */
async function crossFitBySupplier(fit: FitTask, { train }: RowSplit) {
  const { trainer, split, seed } = fit.spec;
  const stopsEarly = trainer.kind === "gradient_boosting" && trainer.earlyStopping !== null;
  if (split.calibrationShare !== null && !stopsEarly) return null;
  return crossFit(fit, supplierFolds(fit.table, train, seed), null);
}

async function calibrate(
  fit: FitTask,
  model: FittedModel,
  split: RowSplit,
  bySupplier: Awaited<ReturnType<typeof crossFitBySupplier>>,
): Promise<CalibratedModel> {
  const { outputSpace } = model.draft;
  if (fit.spec.split.calibrationShare !== null || bySupplier === null) {
    const held = model.withScore(split.calibration);
    return calibrateHeldOut(fit, outputSpace, held, await model.outputsOf(held));
  }
  const folds = timeFolds(fit.table, split.train, fit.spec.split);
  const byTime = folds.length === 0 ? null : () => crossFit(fit, folds, bySupplier.trees);
  return calibrateOutOfFold(fit, outputSpace, { bySupplier, byTime });
}

const numericNames = (spec: ModelSpec): string[] =>
  spec.features.filter((feature) => feature.kind === "numeric").map((feature) => feature.name);

/** Returns the violations of rows that the features' own rules reject. Serving would reject these rows too. */
function rejectedRows(table: FeatureTable, spec: ModelSpec, rows: Uint32Array): VectorBatch["violations"] {
  const withoutText = { ...spec, text: null };
  const rules = createVectorizer(draftBundle(withoutText, "", fitInputs(table, rows, withoutText)));
  return rules.vectorizeBatch(columnarInput(table)).violations;
}
