import { nextFloat32Above } from "@bellwether/tree-model/trees/float32";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import { shortNumber } from "./short-number.ts";

/** Where the trees of a model tell the values of a column apart. */
export interface ColumnThresholds {
  /** Thresholds, ascending and distinct: the values in (before, threshold] are all the same to the trees. */
  readonly thresholds: Float32Array;
  /** Whether a node tests the column against a set of values instead. */
  readonly hasSets: boolean;
  /** Returns the shortest number in the row's float32 of threshold `i`. */
  atThreshold(i: number): number;
  /** Returns the shortest number in the first float32 above threshold `i`. */
  aboveThreshold(i: number): number;
}

/**
 * Collects the thresholds of all columns of a model.
 * @param round How the model rounds a number to the float32 of its row.
 */
export function columnThresholds(model: TreeModel, round: (value: number) => number): readonly ColumnThresholds[] {
  const values = Array.from({ length: model.features }, () => new Set<number>());
  const hasSets = new Uint8Array(model.features);
  for (const tree of model.trees)
    for (const [node, column] of tree.feature.entries()) {
      if (column < 0) continue;
      if (tree.members.has(node)) hasSets[column] = 1;
      else values[column].add(tree.threshold[node]);
    }
  return values.map((distinct, column) => {
    const thresholds = Float32Array.from(distinct).sort();
    const at = new Float64Array(thresholds.length).fill(Number.NaN);
    const above = new Float64Array(thresholds.length).fill(Number.NaN);
    return {
      thresholds,
      hasSets: hasSets[column] === 1,
      atThreshold(i) {
        if (Number.isNaN(at[i])) at[i] = shortNumber(thresholds[i], round);
        return at[i];
      },
      aboveThreshold(i) {
        if (Number.isNaN(above[i])) above[i] = shortNumber(nextFloat32Above(thresholds[i]), round);
        return above[i];
      },
    };
  });
}
