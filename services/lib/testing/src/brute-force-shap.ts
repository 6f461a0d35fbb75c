import { goesLeft, leftShare } from "@bellwether/tree-model/trees/split";
import type { Tree, TreeModel } from "@bellwether/tree-model/trees/tree-model";

/** Returns the expected raw output k when only the features in `known` (bit j = column j) are known. */
export type ConditionalExpectation = (known: number, output: number) => number;

/**
 * Returns the Shapley values by their definition, over all subsets of features (Shapley 1953), `[outputs ×
 * features]`. Costs 2^features evaluations: at most 12 features.
 */
export function bruteForceShap(features: number, outputs: number, expectation: ConditionalExpectation): Float64Array {
  if (features > 12) throw new RangeError(`brute force over ${features} features: at most 12`);
  const contributions = new Float64Array(outputs * features);
  const weights = subsetWeights(features);
  for (let k = 0; k < outputs; k++) {
    const values = Array.from({ length: 1 << features }, (_, known) => expectation(known, k));
    for (let j = 0; j < features; j++) {
      let sum = 0;
      for (const [known, value] of values.entries()) {
        if ((known >> j) & 1) continue;
        sum += (weights[bitCount(known)] ?? 0) * ((values[known | (1 << j)] ?? 0) - value);
      }
      contributions[k * features + j] = sum;
    }
  }
  return contributions;
}

/**
 * Returns the conditional expectation of path-dependent SHAP: an unknown feature follows both branches in
 * proportion to the training rows.
 */
export function pathDependentExpectation(model: TreeModel, row: Float32Array): ConditionalExpectation {
  const descend = (tree: Tree, node: number, known: number, output: number): number => {
    const feature = tree.feature[node] ?? -1;
    if (feature < 0) return tree.value[node * model.outputs + output] ?? 0;
    const [left, right] = [tree.left[node] ?? -1, tree.right[node] ?? -1];
    if ((known >> feature) & 1) {
      return descend(tree, goesLeft(tree, node, row[feature] ?? Number.NaN) ? left : right, known, output);
    }
    const share = leftShare(tree, node);
    return share * descend(tree, left, known, output) + (1 - share) * descend(tree, right, known, output);
  };
  return (known, output) =>
    model.trees.reduce((sum, tree) => sum + descend(tree, 0, known, output), model.base[output] ?? 0);
}

/**
 * Returns the conditional expectation of interventional SHAP: an unknown feature takes its value from a
 * background row, and the result is the mean over `n` background rows.
 */
export function interventionalExpectation(
  evaluate: (row: Float32Array, output: number) => number,
  row: Float32Array,
  background: Float32Array,
  n: number,
): ConditionalExpectation {
  const features = row.length;
  return (known, output) => {
    let sum = 0;
    for (let r = 0; r < n; r++) {
      const mixed = row.map((value, j) => ((known >> j) & 1 ? value : (background[r * features + j] ?? Number.NaN)));
      sum += evaluate(mixed, output);
    }
    return sum / n;
  };
}

/** Returns `size! (features − size − 1)! / features!` for each size of a subset. */
function subsetWeights(features: number): number[] {
  const weights = [1 / features];
  for (let size = 1; size < features; size++) weights.push(((weights[size - 1] ?? 0) * size) / (features - size));
  return weights;
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
