import type { TreeModel } from "./tree-model.ts";

/**
 * Returns the magnitude of each raw output, `[outputs]`: |base| plus the largest |leaf| of every tree; 1
 * where all leaves are 0. A float32 sum has an error of about 1e-7 of this magnitude, even when the sum
 * itself is small, so tolerances are relative to it.
 */
export function outputScales(model: TreeModel): Float64Array {
  const { outputs } = model;
  const scales = model.base.map(Math.abs);
  const largest = new Float64Array(outputs);
  for (const tree of model.trees) {
    largest.fill(0);
    for (const [at, value] of tree.value.entries()) {
      const k = at % outputs;
      largest[k] = Math.max(largest[k], Math.abs(value));
    }
    for (const [k, size] of largest.entries()) scales[k] += size;
  }
  return scales.map((scale) => (scale > 0 ? scale : 1));
}
