import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import type { GoldenRow } from "../bundle/feature-bundle.ts";
import type { RunOnnx } from "./fit-model.ts";

/** Maximum number of rows that are recorded. */
export const GOLDEN_ROWS = 32;

/**
 * Records rows for which the outputs of a loaded model must be bit-identical. They are spread over the given
 * rows. Every second recorded row has a value exactly on the threshold of a tree's root, where ≤ and <
 * differ. In the first recorded row all features are missing.
 * @param rows Row-major float32, at least one row.
 */
export async function recordGoldenRows(
  model: TreeModel,
  onnx: Uint8Array,
  rows: Float32Array,
  runOnnx: RunOnnx,
): Promise<GoldenRow[]> {
  const columns = model.features;
  const n = rows.length / columns;
  const count = Math.min(GOLDEN_ROWS, n);
  const chosen = new Float32Array(count * columns);
  for (let i = 0; i < count; i++) {
    const from = Math.floor((i * n) / count) * columns;
    chosen.set(rows.subarray(from, from + columns), i * columns);
    if (i % 2 === 0 || model.trees.length === 0) continue;
    const { feature, threshold } = model.trees[i % model.trees.length];
    if (feature[0] >= 0) chosen[i * columns + feature[0]] = threshold[0];
  }
  chosen.fill(Number.NaN, 0, columns);
  const outputs = await runOnnx(onnx, chosen, count, columns);
  return Array.from({ length: count }, (_, i) => ({
    row: Array.from(chosen.subarray(i * columns, (i + 1) * columns), (x) => (Number.isNaN(x) ? null : x)),
    output: outputs[i],
  }));
}
