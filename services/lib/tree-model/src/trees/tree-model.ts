/**
 * One decision tree as parallel arrays; node 0 is the root and children stand after their parent.
 * All arrays but `value` have one entry a node; `value` has `outputs` entries a node (zero on inner nodes).
 */
export interface Tree {
  /** Column that the node compares, −1 on a leaf. */
  readonly feature: Int32Array;
  /** A row goes left when `x ≤ threshold`, both float32. Unused on leaves and set splits. */
  readonly threshold: Float32Array;
  /** Thresholds as the imported file has them, where they are doubles; `threshold` holds the float32 at or below. Only import reads it. */
  readonly exact?: Float64Array;
  /** Node of the left child, −1 on a leaf. */
  readonly left: Int32Array;
  /** Node of the right child, −1 on a leaf. */
  readonly right: Int32Array;
  /** 1: a missing value (NaN) goes left; 0: right. */
  readonly defaultLeft: Uint8Array;
  /** Training weight that reached the node; all zero when the model carries no covers. */
  readonly cover: Float64Array;
  /** Leaf values, `[nodes × outputs]`, node-major. */
  readonly value: Float64Array;
  /** Set splits: node → members. A row goes left when its value equals a member; NaN follows `defaultLeft`. */
  readonly members: ReadonlyMap<number, Float32Array>;
}

/** How the summed leaf values become a prediction: each output by itself, but for softmax, which runs over all of them. */
export type Link = "identity" | "logistic" | "softmax" | "exp";

/** A tree ensemble in canonical form: every importer and the trainer fill it, everything else reads it. */
export interface TreeModel {
  /** Columns of the input row. */
  readonly features: number;
  /** Values a leaf carries: 1, or one per class. */
  readonly outputs: number;
  readonly trees: readonly Tree[];
  /** Added to the summed leaves, `[outputs]`. Averages (forests) are stored as sums of leaves divided by the number of trees. */
  readonly base: Float64Array;
  readonly link: Link;
  /** Whether `cover` holds true training weights; without them path-dependent SHAP is refused. */
  readonly hasCovers: boolean;
}
