import type { FeatureBundle } from "../bundle/feature-bundle.ts";
import { calibratedRisk, fitCalibration } from "../calibrate/calibration.ts";
import { singleFeatureBaseline } from "../evaluate/baseline.ts";
import { type Evaluation, evaluateScores } from "../evaluate/evaluation.ts";
import { type ColumnarInput, createVectorizer } from "../features/vectorize.ts";
import { writeOnnxTreeModel } from "../onnx/write-tree-model.ts";
import type { FeatureTable } from "../spec/feature-table.ts";
import type { ModelSpec } from "../spec/model-spec.ts";
import { trainBoosting } from "../trainer/train-boosting.ts";
import { trainForest } from "../trainer/train-forest.ts";
import type { TrainingRows, TreeProgress } from "../trainer/training-rows.ts";
import type { TreeModel } from "../trees/tree-model.ts";
import { checkClasses, countPositives } from "./check-classes.ts";
import { fitInputs } from "./fit-bundle.ts";
import { recordGoldenRows } from "./golden-rows.ts";
import { isoDay } from "./iso-day.ts";
import { renderModelCard } from "./model-card.ts";
import { type RowCounts, summariseRows } from "./row-counts.ts";
import { splitRows } from "./split-rows.ts";
import { NoLabelsError } from "./training-error.ts";

/** Runs a model.onnx: float32 rows, row-major `[n × columns]`, to its outputs `[n]`. */
export type RunOnnx = (onnx: Uint8Array, rows: Float32Array, n: number, columns: number) => Promise<Float32Array>;

/** What training is given. */
export interface TrainRiskModel {
  readonly table: FeatureTable;
  readonly spec: ModelSpec;
  /** SHA-256 of the configuration pair, lower-case hex. */
  readonly configHash: string;
  readonly runOnnx: RunOnnx;
  readonly onTree?: TreeProgress;
}

/** A trained model with everything that is published. Equal input gives equal bytes. */
export interface TrainedRiskModel {
  readonly treeModel: TreeModel;
  readonly onnx: Uint8Array;
  readonly bundle: FeatureBundle;
  /** `feature_bundle.json`, UTF-8 text with a line end. */
  readonly bundleJson: string;
  readonly evaluation: Evaluation;
  readonly rowCounts: RowCounts;
  /** `MODEL_CARD.md`. */
  readonly modelCard: string;
}

/**
 * Trains, calibrates, evaluates and describes a model: inputs fitted on training rows, calibration on held-out suppliers, figures on test
 * rows that neither saw. Scores are those of the runtime, not of our own evaluation.
 * @throws TrainingDataError of the kind that says what is short: labels, columns, time, rows or a class.
 */
export async function trainRiskModel(task: TrainRiskModel): Promise<TrainedRiskModel> {
  const { table, spec, runOnnx } = task;
  const { labels } = table;
  if (labels === null) throw new NoLabelsError(spec.target.name);
  const everyRow = Uint32Array.from(labels.keys());
  const refused = refusedRows(table, spec, everyRow);
  const usable = everyRow.filter((row) => !refused.has(row));
  const split = splitRows(table, usable, spec.split, spec.seed);
  const draft = draftBundle(task, fitInputs(table, split.train, spec));
  const vectors = createVectorizer(draft).vectorizeBatch(columnarInput(table));
  // what would get no score is neither learnt from nor judged by
  const scored = (rows: Uint32Array): Uint32Array => rows.filter((row) => vectors.tooFew[row] === 0);
  const [train, calibration, test] = [scored(split.train), scored(split.calibration), scored(split.test)];
  const labelsOf = (rows: Uint32Array): Uint8Array => Uint8Array.from(rows, (row) => labels[row] as number);
  checkClasses("training", labelsOf(train), spec.target);
  checkClasses("test", labelsOf(test), spec.target);

  const columns = draft.columns.length;
  const valuesOf = (rows: Uint32Array): Float32Array => pickRows(vectors.values, columns, rows);
  const training = {
    values: valuesOf(train),
    rows: train.length,
    columns,
    labels: labelsOf(train),
    monotone: monotoneColumns(draft),
  };
  const treeModel = trainTrees(training, spec, task.onTree);
  const onnx = writeOnnxTreeModel(treeModel);
  const outputsOf = async (rows: Uint32Array): Promise<Float64Array> =>
    Float64Array.from(rows.length === 0 ? [] : await runOnnx(onnx, valuesOf(rows), rows.length, columns));

  const calibrated = {
    outputSpace: draft.outputSpace,
    calibration: fitCalibration(await outputsOf(calibration), labelsOf(calibration)),
  };
  const bundle: FeatureBundle = {
    ...draft,
    calibration: calibrated.calibration,
    golden: await recordGoldenRows(treeModel, onnx, valuesOf(test), runOnnx),
  };
  const evaluation = evaluateScores(
    (await outputsOf(test)).map((output) => calibratedRisk(calibrated, output)),
    labelsOf(test),
    Array.from(test, (row) => table.supplierIds[row] ?? ""),
    {
      trainingRate: countPositives(training.labels) / train.length,
      baseline: singleFeatureBaseline(table, labels, numericNames(spec), train, test),
      seed: spec.seed,
    },
  );
  const rowCounts: RowCounts = {
    train: train.length,
    calibration: calibration.length,
    test: test.length,
    purged: split.purged,
    refused: refused.size,
    tooFew: usable.length - split.purged - train.length - calibration.length - test.length,
    testFrom: split.testFromDay === null ? null : isoDay(split.testFromDay),
  };
  const summaries = {
    training: summariseRows(table, labels, train),
    calibration: summariseRows(table, labels, calibration),
    test: summariseRows(table, labels, test),
  };
  return {
    treeModel,
    onnx,
    bundle,
    bundleJson: `${JSON.stringify(bundle)}\n`,
    evaluation,
    rowCounts,
    modelCard: renderModelCard({ bundle, spec, evaluation, rowCounts, summaries }),
  };
}

const numericNames = (spec: ModelSpec): string[] =>
  spec.features.filter((feature) => feature.kind === "numeric").map((feature) => feature.name);

const columnarInput = ({ rows, numbers, categories, texts }: FeatureTable): ColumnarInput => ({
  rows,
  numbers,
  categories,
  texts,
});

function pickRows(values: Float32Array, columns: number, rows: Uint32Array): Float32Array {
  const picked = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) picked.set(values.subarray(row * columns, (row + 1) * columns), i * columns);
  return picked;
}

/** Rows that the features' own rules refuse; they would be refused when served, too. */
function refusedRows(table: FeatureTable, spec: ModelSpec, rows: Uint32Array): ReadonlySet<number> {
  const withoutText = { ...spec, text: null };
  const rules = createVectorizer(
    draftBundle({ spec: withoutText, configHash: "" }, fitInputs(table, rows, withoutText)),
  );
  return new Set(rules.vectorizeBatch(columnarInput(table)).faults.map((fault) => fault.row));
}

/** The bundle before calibration and golden rows; its keys stand in the order of the file. */
function draftBundle(
  { spec, configHash }: Pick<TrainRiskModel, "spec" | "configHash">,
  inputs: ReturnType<typeof fitInputs>,
): FeatureBundle {
  return {
    format: "bellwether.feature-bundle/1",
    modelName: spec.name,
    modelKind: spec.trainer.kind,
    configHash,
    ...inputs,
    outputSpace: spec.trainer.kind === "gradient_boosting" ? "margin" : "probability",
    classes: { risk: spec.target.riskClass, other: spec.target.otherClass },
    calibration: { kind: "none" },
    bands: { high: spec.bands.high, medium: spec.bands.medium },
    explanation: { kind: "path-dependent", background: "training rows, by the covers of the trees" },
    golden: [],
    seed: spec.seed,
  };
}

/** The constraint of each column: the declared direction of a number, nothing for categories and terms. */
function monotoneColumns({ columns, features }: Pick<FeatureBundle, "columns" | "features">): Int8Array {
  const declared = new Map(features.map((feature) => [feature.name, feature]));
  return Int8Array.from(columns, (column) => {
    const feature = column.kind === "numeric" ? declared.get(column.feature) : undefined;
    if (!feature?.monotone) return 0;
    return feature.direction === "raises" ? 1 : -1;
  });
}

function trainTrees(training: TrainingRows, { trainer, seed }: ModelSpec, onTree?: TreeProgress): TreeModel {
  return trainer.kind === "gradient_boosting"
    ? trainBoosting(training, trainer, seed, onTree)
    : trainForest(training, trainer, seed, onTree);
}
