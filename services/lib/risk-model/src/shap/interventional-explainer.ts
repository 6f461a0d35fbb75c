import type { TreeModel } from "../trees/tree-model.ts";
import type { Explainer } from "./explainer.ts";
import { interventionalTables, rowPatterns } from "./interventional-tables.ts";

/** Raised whenever the same model, background and row may get other bits. */
export const INTERVENTIONAL_VERSION = "interventional/1";

/**
 * Compiles a model for exact interventional SHAP against background rows: a feature that is not known takes its value
 * from a background row, whatever the known ones are. It needs no covers.
 * @param background `[n × features]`, row-major float32, NaN = missing.
 * @throws InterventionalRefusedError when a path names more than 8 features, the tables would not fit or n is 0.
 */
export function createInterventionalExplainer(model: TreeModel, background: Float32Array, n: number): Explainer {
  const { features, outputs } = model;
  if (background.length < n * features) {
    throw new RangeError(`${n} background rows of ${features} features: ${background.length} values`);
  }
  const trees = interventionalTables(model, background, n);
  const baseValue = Float64Array.from(model.base);
  for (const { tree, leaves } of trees) {
    for (const { node, reached } of leaves) {
      for (let k = 0; k < outputs; k++) {
        baseValue[k] = (baseValue[k] ?? 0) + reached * (tree.value[node * outputs + k] ?? 0);
      }
    }
  }
  const patterns = new Uint8Array(Math.max(0, ...trees.map(({ tree }) => tree.feature.length)));
  const sums = new Float64Array(outputs * features);

  const explainRow = (row: Float32Array): void => {
    sums.fill(0);
    for (const each of trees) {
      rowPatterns(each, row, patterns);
      for (const { node, features: path, table } of each.leaves) {
        const distinct = path.length;
        const line = ((patterns[node] ?? 0) & ((1 << distinct) - 1)) * distinct;
        for (let k = 0; k < outputs; k++) {
          const value = each.tree.value[node * outputs + k] ?? 0;
          for (let i = 0; i < distinct; i++) {
            const at = k * features + (path[i] ?? 0);
            sums[at] = (sums[at] ?? 0) + value * (table[line + i] ?? 0);
          }
        }
      }
    }
  };
  return {
    kind: "pattern-tables",
    version: INTERVENTIONAL_VERSION,
    explanation: "interventional",
    background: `${n} background rows`,
    code: "typescript",
    features,
    outputs,
    baseValue,
    tableBytes: trees.reduce(
      (sum, { leaves }) => leaves.reduce((bytes, { table }) => bytes + table.byteLength, sum),
      0,
    ),
    explain(rows, count, out = new Float32Array(count * outputs * features)) {
      if (rows.length < count * features) {
        throw new RangeError(`${count} rows of ${features} features: ${rows.length} values`);
      }
      if (out.length < count * outputs * features) {
        throw new RangeError(`${count} explained rows: room for ${out.length} values`);
      }
      for (let r = 0; r < count; r++) {
        explainRow(rows.subarray(r * features, (r + 1) * features));
        out.set(sums, r * outputs * features);
      }
      return out;
    },
  };
}
