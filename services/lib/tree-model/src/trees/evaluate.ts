import { goesLeft } from "./split.ts";
import type { TreeModel } from "./tree-model.ts";

/**
 * Returns the model's raw output in float64: the base plus the leaves that the rows reach, before the link
 * function. This is a reference for checks that visits one node at a time. Services score with ONNX Runtime.
 * @param rows Row-major `[n × features]`, NaN = missing.
 * @returns `[n × outputs]`, row-major.
 */
export function evaluateRows(model: TreeModel, rows: Float32Array): Float64Array {
  const { features, outputs } = model;
  const count = features === 0 ? 0 : rows.length / features;
  const sums = new Float64Array(count * outputs);
  for (let r = 0; r < count; r++) {
    const row = rows.subarray(r * features, (r + 1) * features);
    for (let k = 0; k < outputs; k++) sums[r * outputs + k] = model.base[k];
    for (const tree of model.trees) {
      let node = 0;
      for (let f = tree.feature[0]; f >= 0; f = tree.feature[node]) {
        node = (goesLeft(tree, node, row[f]) ? tree.left : tree.right)[node];
      }
      for (let k = 0; k < outputs; k++) {
        const at = r * outputs + k;
        sums[at] += tree.value[node * outputs + k];
      }
    }
  }
  return sums;
}
