/**
 * One decision tree as parallel arrays. Node 0 is the root, and children come after their parent. Each array
 * has one entry per node, except `value`, which has `outputs` entries per node (zero on inner nodes).
 */
export interface Tree {
  /** Column that the node compares, −1 on a leaf. */
  readonly feature: Int32Array;
  /** A row goes left when `x ≤ threshold`, both float32. Unused on leaves and set splits. */
  readonly threshold: Float32Array;
  /**
   * Thresholds as the imported file holds them, when the file has 64-bit numbers. For each of them, `threshold`
   * holds the largest float32 that is not above it. Only the import reads this array. Unset: the file has 32-bit
   * thresholds.
   */
  readonly exact?: Float64Array;
  /** Index of the left child; −1 on a leaf. */
  readonly left: Int32Array;
  /** Index of the right child; −1 on a leaf. */
  readonly right: Int32Array;
  /** 1: a missing value (NaN) goes left; 0: right. */
  readonly defaultLeft: Uint8Array;
  /** Training weight that reached the node; all zero when the model has no covers. */
  readonly cover: Float64Array;
  /** Leaf values, `[nodes × outputs]`, node-major. */
  readonly value: Float64Array;
  /** Set splits: node → members. A row goes left when its value equals a member; NaN follows `defaultLeft`. */
  readonly members: ReadonlyMap<number, Float32Array>;
}

/**
 * Link function: converts the summed leaf values to predictions. Each output is transformed separately, but
 * "softmax" runs over all outputs.
 */
export type Link = "identity" | "logistic" | "softmax" | "exp";

/**
 * A tree ensemble. Importers convert every file format to this form, and the trainer returns it. Evaluation,
 * explanation and the writer of ONNX files read only this form.
 */
export interface TreeModel {
  /** Number of columns of the input row. */
  readonly features: number;
  /** Number of values of a leaf: 1, or one per class. */
  readonly outputs: number;
  readonly trees: readonly Tree[];
  /**
   * Value that is added to the sum of the leaves, `[outputs]`. A model that averages its trees (a forest) is stored
   * with leaves that are already divided by the number of trees.
   */
  readonly base: Float64Array;
  readonly link: Link;
  /** Whether `cover` holds training weights. Without them path-dependent SHAP is rejected. */
  readonly hasCovers: boolean;
}
