import { createRandom } from "../random.ts";
import type { ForestSpec } from "../spec/model-spec.ts";
import type { Tree, TreeModel } from "../trees/tree-model.ts";
import { binColumns } from "./bins.ts";
import { growTree } from "./grow-tree.ts";
import type { TrainingRows, TreeProgress } from "./train-boosting.ts";

/**
 * Random forest of probability trees (Breiman 2001) on the boosting's histograms: bootstrap counts as row weights, columns drawn per node.
 * With gradient −wy and hessian w the same gain is the drop in Gini impurity and the same leaf the share of positives.
 * The model's output is the mean probability. The same rows, spec and seed give the same trees, bit for bit.
 */
export function trainForest(training: TrainingRows, spec: ForestSpec, seed: number, onTree?: TreeProgress): TreeModel {
  const { values, rows, columns, labels } = training;
  const data = binColumns(values, rows, columns);
  const all = Int32Array.from({ length: columns }, (_, i) => i);
  const columnsPerNode = Math.max(1, Math.round(columns * spec.columnSample));
  const gradient = new Float64Array(rows);
  const weight = new Float64Array(rows);
  const trees: Tree[] = [];
  for (let t = 0; t < spec.trees; t++) {
    const random = createRandom(seed, t);
    weight.fill(0);
    for (let i = 0; i < rows; i++) {
      const row = random.below(rows);
      weight[row] = (weight[row] as number) + 1;
    }
    const drawn = new Int32Array(rows);
    let n = 0;
    for (let row = 0; row < rows; row++) {
      gradient[row] = -(weight[row] as number) * (labels[row] as number);
      if ((weight[row] as number) > 0) drawn[n++] = row;
    }
    trees.push(
      growTree({
        data,
        rows: drawn.subarray(0, n),
        gradient,
        hessian: weight,
        weight,
        columns: all,
        columnsPerNode,
        random,
        maxDepth: spec.maxDepth,
        limits: { minChildWeight: spec.minLeaf, l2: 0 },
        scale: 1 / spec.trees,
      }),
    );
    onTree?.(t + 1, spec.trees);
  }
  return { features: columns, outputs: 1, trees, base: Float64Array.of(0), link: "identity", hasCovers: true };
}
