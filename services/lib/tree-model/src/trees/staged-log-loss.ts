import { goesLeft } from "./split.ts";
import type { TreeModel } from "./tree-model.ts";

/**
 * Returns the mean log loss after the first tree, after the first two, and so on. The model must have one
 * output and the link function "logistic".
 * @param rows Row-major `[n × features]`, NaN = missing.
 * @param labels 0 or 1, `[n]`.
 * @returns One loss per tree; 0 without rows.
 */
export function stagedLogLoss(model: TreeModel, rows: Float32Array, labels: Uint8Array): Float64Array {
  const { features, trees, base } = model;
  const n = labels.length;
  const margins = new Float64Array(n).fill(base[0]);
  return Float64Array.from(trees, (tree) => {
    let loss = 0;
    for (let r = 0; r < n; r++) {
      let node = 0;
      for (let f = tree.feature[0]; f >= 0; f = tree.feature[node])
        node = (goesLeft(tree, node, rows[r * features + f]) ? tree.left : tree.right)[node];
      const margin = margins[r] + tree.value[node];
      margins[r] = margin;
      loss += Math.max(margin, 0) - margin * labels[r] + Math.log1p(Math.exp(-Math.abs(margin)));
    }
    return n === 0 ? 0 : loss / n;
  });
}
