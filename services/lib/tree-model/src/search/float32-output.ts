import { goesLeft } from "../trees/split.ts";
import type { TreeModel } from "../trees/tree-model.ts";

/**
 * Returns the output of a model with one output as ONNX Runtime computes it: a float32 sum of the leaves in the
 * order of the trees, then the base. `evaluateRows` is the exact sum.
 */
export function float32Output({ trees, base }: TreeModel, row: Float32Array): number {
  let sum = 0;
  for (const tree of trees) {
    let node = 0;
    for (let f = tree.feature[0]; f >= 0; f = tree.feature[node])
      node = (goesLeft(tree, node, row[f]) ? tree.left : tree.right)[node];
    sum = Math.fround(sum + Math.fround(tree.value[node]));
  }
  return Math.fround(sum + Math.fround(base[0]));
}

/**
 * Returns the largest possible difference between the exact output of a model and a float32 sum of its leaves,
 * whatever the order of the sum (Higham, Accuracy and Stability of Numerical Algorithms, §4.2).
 */
export function float32SumError({ trees, base }: TreeModel): number {
  let magnitude = Math.abs(base[0]);
  for (const { value } of trees) {
    let largest = 0;
    for (const leaf of value) largest = Math.max(largest, Math.abs(leaf));
    magnitude += largest;
  }
  return (trees.length + 2) * 2 ** -24 * magnitude;
}
