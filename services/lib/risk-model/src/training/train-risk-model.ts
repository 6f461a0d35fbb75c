import type { FeatureBundle, GoldenRow } from "../bundle/feature-bundle.ts";
import { calibratedRisk, fitCalibration } from "../calibrate/calibration.ts";
import { singleFeatureBaseline } from "../evaluate/baseline.ts";
import { type Evaluation, evaluateScores } from "../evaluate/evaluation.ts";
import { createVectorizer } from "../features/vectorize.ts";
import { writeOnnxTreeModel } from "../onnx/write-tree-model.ts";
import type { FeatureTable } from "../spec/feature-table.ts";
import type { ModelSpec } from "../spec/model-spec.ts";
import { trainBoosting } from "../trainer/train-boosting.ts";
import { trainForest } from "../trainer/train-forest.ts";
import type { TreeProgress } from "../trainer/training-rows.ts";
import type { TreeModel } from "../trees/tree-model.ts";
import { fitInputs } from "./fit-bundle.ts";
import { renderModelCard } from "./model-card.ts";
import { splitRows } from "./split-rows.ts";
import { TrainingDataError } from "./training-error.ts";

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

/** How the rows were used. */
export interface RowCounts {
  readonly train: number;
  readonly calibration: number;
  readonly test: number;
  /** Label window reaches into the test period. */
  readonly purged: number;
  /** Refused by the features' own rules, for example out of range. */
  readonly refused: number;
  /** First day of the test period, ISO date; null when split by supplier. */
  readonly testFrom: string | null;
}

/** A trained model with everything that is published. Equal input gives equal bytes. */
export interface TrainedRiskModel {
  readonly treeModel: TreeModel;
  readonly onnx: Uint8Array;
  readonly bundle: FeatureBundle;
  readonly bundleJson: string;
  readonly evaluation: Evaluation;
  readonly rowCounts: RowCounts;
  readonly modelCard: string;
}

const LEAST_POSITIVES = 10;
const GOLDEN_ROWS = 32;

const pickRows = (values: Float32Array, columns: number, rows: Uint32Array): Float32Array => {
  const out = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) out.set(values.subarray(row * columns, (row + 1) * columns), i * columns);
  return out;
};
const pickLabels = (labels: Uint8Array, rows: Uint32Array): Uint8Array =>
  Uint8Array.from(rows, (row) => labels[row] as number);
const countPositives = (labels: Uint8Array): number => labels.reduce((sum, label) => sum + label, 0);

/** Rows that a loaded model must answer with the same bits: spread over the test rows, one of them all missing. */
async function recordGolden(
  onnx: Uint8Array,
  rows: Float32Array,
  columns: number,
  runOnnx: RunOnnx,
): Promise<GoldenRow[]> {
  const n = rows.length / columns;
  const count = Math.min(GOLDEN_ROWS, n);
  const chosen = pickRows(
    rows,
    columns,
    Uint32Array.from({ length: count }, (_, i) => Math.floor((i * n) / count)),
  );
  chosen.fill(Number.NaN, 0, columns);
  const outputs = await runOnnx(onnx, chosen, count, columns);
  return Array.from({ length: count }, (_, i) => ({
    row: Array.from(chosen.subarray(i * columns, (i + 1) * columns), (x) => (Number.isNaN(x) ? null : x)),
    output: outputs[i] as number,
  }));
}

/**
 * Trains, calibrates, evaluates and describes a model: inputs fitted on training rows, calibration on held-out suppliers, figures on test
 * rows that neither saw. Scores are those of the runtime, not of our own evaluation.
 * @throws TrainingDataError too few rows or positives, one class only, nothing to test on.
 */
export async function trainRiskModel(task: TrainRiskModel): Promise<TrainedRiskModel> {
  const { table, spec, configHash, runOnnx } = task;
  const labels = table.labels;
  if (labels === null)
    throw new TrainingDataError(`the mapped table has no label "${spec.target.name}"; map one under label`);
  const draft = fitInputs(table, Uint32Array.from(labels.keys()), spec);
  const base: FeatureBundle = {
    format: "bellwether.feature-bundle/1",
    modelName: spec.name,
    modelKind: spec.trainer.kind,
    configHash,
    ...draft,
    outputSpace: spec.trainer.kind === "gradient_boosting" ? "margin" : "probability",
    classes: { risk: spec.target.riskClass, other: spec.target.otherClass },
    calibration: { kind: "none" },
    bands: { high: spec.bands.high, medium: spec.bands.medium },
    explanation: { kind: "path-dependent", background: "training rows, by the covers of the trees" },
    golden: [],
    seed: spec.seed,
  };
  const input = { rows: table.rows, numbers: table.numbers, categories: table.categories, texts: table.texts };
  const refused = new Set(
    createVectorizer(base)
      .vectorizeBatch(input)
      .faults.map((fault) => fault.row),
  );
  const usable = Uint32Array.from(labels.keys()).filter((row) => !refused.has(row));
  const split = splitRows(table, usable, spec.split, spec.seed);

  const fitted: FeatureBundle = { ...base, ...fitInputs(table, split.train, spec) };
  const vectors = createVectorizer(fitted).vectorizeBatch(input);
  const columns = fitted.columns.length;
  const trainLabels = pickLabels(labels, split.train);
  const positives = countPositives(trainLabels);
  if (positives < LEAST_POSITIVES || trainLabels.length - positives < LEAST_POSITIVES) {
    throw new TrainingDataError(
      `${positives} of ${trainLabels.length} training rows are "${spec.target.riskClass}"; at least ${LEAST_POSITIVES} of each class are needed: bring more data or widen the label`,
    );
  }
  const training = {
    values: pickRows(vectors.values, columns, split.train),
    rows: split.train.length,
    columns,
    labels: trainLabels,
  };
  const treeModel =
    spec.trainer.kind === "gradient_boosting"
      ? trainBoosting(training, spec.trainer, spec.seed, task.onTree)
      : trainForest(training, spec.trainer, spec.seed, task.onTree);
  const onnx = writeOnnxTreeModel(treeModel);

  const outputsOf = async (rows: Uint32Array): Promise<Float64Array> =>
    Float64Array.from(
      rows.length === 0 ? [] : await runOnnx(onnx, pickRows(vectors.values, columns, rows), rows.length, columns),
    );
  const calibration = fitCalibration(await outputsOf(split.calibration), pickLabels(labels, split.calibration));
  const calibrated = { calibration, outputSpace: fitted.outputSpace };
  const scores = (await outputsOf(split.test)).map((output) => calibratedRisk(calibrated, output));
  const numeric = spec.features.filter((feature) => feature.kind === "numeric").map((feature) => feature.name);
  const evaluation = evaluateScores(
    scores,
    pickLabels(labels, split.test),
    Array.from(split.test, (row) => table.supplierIds[row] ?? ""),
    {
      trainingRate: positives / trainLabels.length,
      baseline: singleFeatureBaseline(table, labels, numeric, split.train, split.test),
      seed: spec.seed,
    },
  );
  const golden = await recordGolden(onnx, pickRows(vectors.values, columns, split.test), columns, runOnnx);
  const bundle: FeatureBundle = { ...fitted, calibration, golden };
  const rowCounts: RowCounts = {
    train: split.train.length,
    calibration: split.calibration.length,
    test: split.test.length,
    purged: split.purged,
    refused: refused.size,
    testFrom: split.testFromDay === null ? null : new Date(split.testFromDay * 86_400_000).toISOString().slice(0, 10),
  };
  return {
    treeModel,
    onnx,
    bundle,
    bundleJson: `${JSON.stringify(bundle)}\n`,
    evaluation,
    rowCounts,
    modelCard: renderModelCard(bundle, spec, evaluation, rowCounts),
  };
}
