import type { BoostingSpec } from "@bellwether/config/model-spec";
import type { Tree, TreeModel } from "@bellwether/tree-model/trees/tree-model";
import { createRandom } from "../random.ts";
import { binColumns } from "./bins.ts";
import { columnCount, drawColumns } from "./draw-columns.ts";
import { growTree } from "./grow-tree.ts";
import { createHistograms } from "./histograms.ts";
import { constrained } from "./leaf-bounds.ts";
import type { TrainingRows, TreeProgress } from "./training-rows.ts";

const logistic = (margin: number): number => 1 / (1 + Math.exp(-margin));

/**
 * Minimum hessian of a row and of a child. With a smaller hessian, a Newton step divides by almost zero and
 * the leaf becomes huge.
 */
const LEAST_ROW_HESSIAN = 1e-12;
const LEAST_CHILD_HESSIAN = 1e-3;
/** Minimum share of each class in the initial log-odds, which would be infinite when one class is missing. */
const LEAST_RATE = 1e-6;

/**
 * Trains gradient boosting with log loss and Newton steps (Friedman 2001; Chen & Guestrin 2016) on
 * histograms. The model's output is the log-odds, and its covers count the rows with which each tree was
 * grown. With the same rows, spec and seed the trees are bit-identical.
 */
export function trainBoosting(
  training: TrainingRows,
  spec: BoostingSpec,
  seed: number,
  onTree?: TreeProgress,
): TreeModel {
  const { values, rows, columns, labels } = training;
  const monotone = constrained(training.monotone);
  const data = binColumns(values, rows, columns);
  const positiveWeight = training.positiveWeight ?? 1;
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const weighted = positives * positiveWeight;
  const rate = Math.min(Math.max(weighted / (rows - positives + weighted), LEAST_RATE), 1 - LEAST_RATE);
  const base = Math.fround(Math.log(rate / (1 - rate)));
  const margin = new Float64Array(rows).fill(base);
  const pairs = new Float64Array(2 * rows);
  const weight = new Float64Array(rows);
  const order = new Int32Array(rows);
  const columnsPerTree = columnCount(columns, spec.columnSample);
  const histograms = createHistograms(data, pairs, columnsPerTree);
  const all = Int32Array.from({ length: columns }, (_, i) => i);
  const limits = { minChildWeight: Math.max(spec.minChildWeight, LEAST_CHILD_HESSIAN), l2: spec.l2 };
  const onLeaf = (value: number, start: number, end: number): void => {
    for (let r = start; r < end; r++) {
      const row = order[r];
      margin[row] += value;
    }
  };
  const trees: Tree[] = [];
  for (let t = 0; t < spec.trees; t++) {
    const random = createRandom(seed, `tree ${t}`);
    for (let row = 0; row < rows; row++) {
      // a row that was not drawn has no weight, but its leaf still updates its margin
      const drawn = spec.subsample >= 1 || random.uniform() < spec.subsample ? 1 : 0;
      const p = logistic(margin[row]);
      const counts = labels[row] === 1 ? drawn * positiveWeight : drawn;
      pairs[2 * row] = counts * (p - labels[row]);
      pairs[2 * row + 1] = counts * Math.max(p * (1 - p), LEAST_ROW_HESSIAN);
      weight[row] = drawn;
      order[row] = row;
    }
    const tree = growTree({
      data,
      rows: order,
      pairs,
      weight,
      columns: drawColumns(all, columnsPerTree, random),
      columnsPerNode: columnsPerTree,
      histograms,
      random,
      maxDepth: spec.maxDepth,
      limits,
      monotone,
      scale: spec.learningRate,
      onLeaf,
    });
    trees.push(tree);
    onTree?.(t + 1, spec.trees);
  }
  return { features: columns, outputs: 1, trees, base: Float64Array.of(base), link: "logistic", hasCovers: true };
}
