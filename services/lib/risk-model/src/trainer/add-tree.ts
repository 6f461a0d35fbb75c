import type { Tree } from "../trees/tree-model.ts";

/**
 * Adds a trained tree's leaf value of every row to `sums`, `[rows]`. For one output and trees without set splits, which is what the trainer grows.
 * @param values Float32 rows, row-major `[rows × columns]`, NaN = missing.
 */
export function addTree(tree: Tree, values: Float32Array, rows: number, columns: number, sums: Float64Array): void {
  const { feature, threshold, left, right, defaultLeft, value } = tree;
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    let node = 0;
    for (let column = feature[0] as number; column >= 0; column = feature[node] as number) {
      const x = values[start + column] as number;
      const goesLeft = x <= (threshold[node] as number) || (Number.isNaN(x) && defaultLeft[node] === 1);
      node = (goesLeft ? left : right)[node] as number;
    }
    sums[row] = (sums[row] as number) + (value[node] as number);
  }
}
