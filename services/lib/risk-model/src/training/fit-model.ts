import type { ClassWeight, ModelSpec } from "@bellwether/config/model-spec";
import { writeOnnxTreeModel } from "@bellwether/tree-model/onnx/write/write-tree-model";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import type { FeatureBundle } from "../bundle/feature-bundle.ts";
import type { ColumnarInput } from "../features/supplier-input.ts";
import { createVectorizer } from "../features/vectorize.ts";
import type { FeatureTable } from "../tables/feature-table.ts";
import { trainBoosting } from "../trainer/train-boosting.ts";
import { trainForest } from "../trainer/train-forest.ts";
import type { TreeProgress } from "../trainer/training-rows.ts";
import { checkClasses, countPositives } from "./check-classes.ts";
import { draftBundle } from "./draft-bundle.ts";
import { fitInputs } from "./fit-bundle.ts";

/** Runs a model.onnx on float32 rows, row-major `[n × columns]`, and returns its outputs `[n]`. */
export type RunOnnx = (onnx: Uint8Array, rows: Float32Array, n: number, columns: number) => Promise<Float32Array>;

/** Input that is the same for all fits of one training. */
export interface FitTask {
  readonly table: FeatureTable & { readonly labels: Uint8Array };
  readonly spec: ModelSpec;
  /** SHA-256 of the configuration (model_config.yaml and feature_mapping.yaml), lower-case hex. */
  readonly configHash: string;
  readonly runOnnx: RunOnnx;
}

/** Trees, with everything else that was fitted on the same rows. */
export interface FittedModel {
  /** The bundle without calibration and golden rows. */
  readonly draft: FeatureBundle;
  readonly treeModel: TreeModel;
  readonly onnx: Uint8Array;
  /** The rows that the model was trained on: the given rows with enough known features for a score. */
  readonly trained: Uint32Array;
  /** Returns the rows that have enough known features for a score. */
  withScore(rows: Uint32Array): Uint32Array;
  /** Returns the model's input rows, row-major float32 `[rows × columns]`. */
  valuesOf(rows: Uint32Array): Float32Array;
  /** Returns the runtime's outputs, `[rows]`. */
  outputsOf(rows: Uint32Array): Promise<Float64Array>;
  /** Returns the same model with only its first `trees` trees. */
  truncated(trees: number): FittedModel;
  /** Returns the trees with the values of these rows. The values of all other rows, which the model holds, can then be freed. */
  heldOut(rows: Uint32Array): HeldOutRows;
}

/** Trees, and the rows that they score: without the values of the rows that they were trained on. */
export interface HeldOutRows {
  readonly treeModel: TreeModel;
  /** The rows of the table that have enough known features for a score. */
  readonly rows: Uint32Array;
  /** Row-major float32 `[rows × columns]`. */
  readonly values: Float32Array;
  /** Returns the runtime's outputs with only the first `trees` trees, `[rows]`. */
  outputsWith(trees: number): Promise<Float64Array>;
}

/**
 * Fits inputs and trees on rows of a table. Rows with too few known features for a score are left out of the
 * trees.
 * @throws ColumnMissingError when the table lacks a column; NoRowsError, OneClassError, TooFewRowsError when the rows are not sufficient.
 */
export function fitModel(task: FitTask, rows: Uint32Array, onTree?: TreeProgress): FittedModel {
  const { table, spec } = task;
  const draft = draftBundle(spec, task.configHash, fitInputs(table, rows, spec));
  const { values, tooFew } = createVectorizer(draft).vectorizeBatch(columnarInput(table));
  const columns = draft.columns.length;
  const withScore = (of: Uint32Array): Uint32Array => of.filter((row) => tooFew[row] === 0);
  const valuesOf = (of: Uint32Array): Float32Array => pickRows(values, columns, of);
  const trained = withScore(rows);
  const labels = Uint8Array.from(trained, (row) => table.labels[row]);
  checkClasses("training", labels, spec.target);
  const training = {
    values: valuesOf(trained),
    rows: trained.length,
    columns,
    labels,
    monotone: monotoneColumns(draft),
    positiveWeight: positiveWeight(spec.trainer.classWeight, labels),
  };
  const { trainer, seed } = spec;
  const treeModel =
    trainer.kind === "gradient_boosting"
      ? trainBoosting(training, trainer, seed, onTree)
      : trainForest(training, trainer, seed, onTree);
  const fittedOf = (model: TreeModel): FittedModel => {
    const onnx = writeOnnxTreeModel(model);
    return {
      draft,
      treeModel: model,
      onnx,
      trained,
      withScore,
      valuesOf,
      outputsOf: (of) => runRows(task.runOnnx, onnx, valuesOf(of), of.length),
      truncated: (trees) => fittedOf(withTrees(model, trees)),
      heldOut(of) {
        const held = withScore(of);
        return heldOutRows(task.runOnnx, model, held, valuesOf(held));
      },
    };
  };
  return fittedOf(treeModel);
}

const withTrees = (model: TreeModel, trees: number): TreeModel =>
  trees === model.trees.length ? model : { ...model, trees: model.trees.slice(0, trees) };

async function runRows(runOnnx: RunOnnx, onnx: Uint8Array, values: Float32Array, n: number): Promise<Float64Array> {
  return Float64Array.from(n === 0 ? [] : await runOnnx(onnx, values, n, values.length / n));
}

/** A separate function: closures that are created inside `fitModel` would keep the values of all rows in memory. */
function heldOutRows(runOnnx: RunOnnx, treeModel: TreeModel, rows: Uint32Array, values: Float32Array): HeldOutRows {
  return {
    ...{ treeModel, rows, values },
    outputsWith: (trees) => runRows(runOnnx, writeOnnxTreeModel(withTrees(treeModel, trees)), values, rows.length),
  };
}

/** Returns a table without its labels, as input of the vectorizer. */
export const columnarInput = ({ rows, numbers, categories, texts }: FeatureTable): ColumnarInput => ({
  rows,
  numbers,
  categories,
  texts,
});

function positiveWeight(weight: ClassWeight, labels: Uint8Array): number {
  if (weight === "none") return 1;
  const positives = countPositives(labels);
  return weight === "balanced" ? (labels.length - positives) / positives : weight;
}

function pickRows(values: Float32Array, columns: number, rows: Uint32Array): Float32Array {
  const picked = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) picked.set(values.subarray(row * columns, (row + 1) * columns), i * columns);
  return picked;
}

/** Returns the constraint of each column: the declared direction of a number, none for categories and terms. */
function monotoneColumns({ columns, features }: Pick<FeatureBundle, "columns" | "features">): Int8Array {
  const declared = new Map(features.map((feature) => [feature.name, feature]));
  return Int8Array.from(columns, (column) => {
    const feature = column.kind === "numeric" ? declared.get(column.feature) : undefined;
    if (!feature?.monotone) return 0;
    return feature.direction === "raises" ? 1 : -1;
  });
}
