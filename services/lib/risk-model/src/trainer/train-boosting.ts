import { createRandom } from "../random.ts";
import type { BoostingSpec } from "../spec/model-spec.ts";
import type { Tree, TreeModel } from "../trees/tree-model.ts";
import { addTree } from "./add-tree.ts";
import { binColumns } from "./bins.ts";
import { growTree, sampleColumns } from "./grow-tree.ts";

/** Rows to train on: row-major float32 `[rows × columns]`, NaN = missing, and labels 0 or 1. */
export interface TrainingRows {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly labels: Uint8Array;
}

/** Called after each tree. */
export type TreeProgress = (done: number, total: number) => void;

const logistic = (margin: number): number => 1 / (1 + Math.exp(-margin));

/**
 * Gradient boosting with log loss and Newton steps (Friedman 2001; Chen & Guestrin 2016) on histograms.
 * The model's output is the log-odds. The same rows, spec and seed give the same trees, bit for bit.
 */
export function trainBoosting(
  training: TrainingRows,
  spec: BoostingSpec,
  seed: number,
  onTree?: TreeProgress,
): TreeModel {
  const { values, rows, columns, labels } = training;
  const data = binColumns(values, rows, columns);
  let positives = 0;
  for (const label of labels) positives += label;
  const rate = Math.min(Math.max(positives / rows, 1e-6), 1 - 1e-6);
  const base = Math.fround(Math.log(rate / (1 - rate)));
  const margin = new Float64Array(rows).fill(base);
  const gradient = new Float64Array(rows);
  const hessian = new Float64Array(rows);
  const weight = new Float64Array(rows).fill(1);
  const trees: Tree[] = [];
  for (let t = 0; t < spec.trees; t++) {
    const random = createRandom(seed, t);
    for (let row = 0; row < rows; row++) {
      const p = logistic(margin[row] as number);
      gradient[row] = p - (labels[row] as number);
      hessian[row] = Math.max(p * (1 - p), 1e-12);
    }
    const sampled = new Int32Array(rows);
    let n = 0;
    for (let row = 0; row < rows; row++)
      if (spec.subsample >= 1 || random.uniform() < spec.subsample) sampled[n++] = row;
    const chosen = sampleColumns(columns, spec.columnSample, random);
    const tree = growTree({
      data,
      rows: sampled.subarray(0, n),
      gradient,
      hessian,
      weight,
      columns: chosen,
      columnsPerNode: chosen.length,
      random,
      maxDepth: spec.maxDepth,
      limits: { minChildWeight: spec.minChildWeight, l2: spec.l2 },
      scale: spec.learningRate,
    });
    trees.push(tree);
    addTree(tree, values, rows, columns, margin);
    onTree?.(t + 1, spec.trees);
  }
  return { features: columns, outputs: 1, trees, base: Float64Array.of(base), link: "logistic", hasCovers: true };
}
