import type { ForestSpec } from "@bellwether/config/model-spec";
import type { Tree, TreeModel } from "@bellwether/tree-model/trees/tree-model";
import { createRandom } from "../random.ts";
import { binColumns } from "./bins.ts";
import { columnCount } from "./draw-columns.ts";
import { growTree } from "./grow-tree.ts";
import { createHistograms } from "./histograms.ts";
import { constrained } from "./leaf-bounds.ts";
import type { TrainingRows, TreeProgress } from "./training-rows.ts";

/**
 * Trains a random forest of probability trees (Breiman 2001) on the histograms of boosting. Bootstrap counts
 * are row weights, and columns are drawn per node. With gradient −wy and hessian w, the same gain is the
 * decrease of the Gini impurity, and the same leaf is the share of positives. The model's output is the mean
 * probability. With the same rows, spec and seed the trees are bit-identical.
 */
export function trainForest(training: TrainingRows, spec: ForestSpec, seed: number, onTree?: TreeProgress): TreeModel {
  const { values, rows, columns, labels } = training;
  const monotone = constrained(training.monotone);
  const positiveWeight = training.positiveWeight ?? 1;
  const data = binColumns(values, rows, columns);
  const all = Int32Array.from({ length: columns }, (_, i) => i);
  const columnsPerNode = columnCount(columns, spec.columnSample);
  const pairs = new Float64Array(2 * rows);
  const weight = new Float64Array(rows);
  const order = new Int32Array(rows);
  const histograms = createHistograms(data, pairs, columnsPerNode);
  const trees: Tree[] = [];
  for (let t = 0; t < spec.trees; t++) {
    const random = createRandom(seed, `tree ${t}`);
    weight.fill(0);
    for (let i = 0; i < rows; i++) {
      const row = random.below(rows);
      weight[row] += 1;
    }
    let drawn = 0;
    for (let row = 0; row < rows; row++) {
      const drawnTimes = weight[row];
      const times = labels[row] === 1 ? drawnTimes * positiveWeight : drawnTimes;
      pairs[2 * row] = -times * labels[row];
      pairs[2 * row + 1] = times;
      if (drawnTimes > 0) order[drawn++] = row;
    }
    const tree = growTree({
      data,
      rows: order.subarray(0, drawn),
      pairs,
      weight,
      columns: all,
      columnsPerNode,
      histograms,
      random,
      maxDepth: spec.maxDepth,
      limits: { minChildWeight: spec.minLeaf, l2: 0 },
      monotone,
      scale: 1 / spec.trees,
    });
    trees.push(tree);
    onTree?.(t + 1, spec.trees);
  }
  return { features: columns, outputs: 1, trees, base: Float64Array.of(0), link: "identity", hasCovers: true };
}
