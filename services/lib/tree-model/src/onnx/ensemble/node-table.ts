/** Comparison of a node: when `x MODE split` is true, the row goes to the yes child. */
export const MODE = {
  leaf: 0,
  lessOrEqual: 1,
  less: 2,
  greaterOrEqual: 3,
  greater: 4,
  equal: 5,
  notEqual: 6,
  member: 7,
};

/** The nodes of a tree operator of ONNX. The table is the same for all versions of the operators. */
export interface NodeTable {
  readonly size: number;
  /** A value of `MODE` per node. */
  readonly mode: Uint8Array;
  readonly feature: Int32Array;
  /** Number with which the row's value is compared: float32 or double, as in the file. */
  readonly split: Float64Array;
  /** Child for a true comparison (`yes`) and for a false one (`no`); −1 on leaves. */
  readonly yes: Int32Array;
  readonly no: Int32Array;
  /** 1: a missing value (NaN) goes to the yes child, whatever the comparison is. */
  readonly missingYes: Uint8Array;
  /** Members of the sets of `MODE.member` nodes, by node. */
  readonly members: ReadonlyMap<number, readonly number[]>;
  /** `nodes_hitrates`, or null when the file has none. */
  readonly hitRate: Float64Array | null;
  /** Root node of each tree. */
  readonly roots: readonly number[];
  /**
   * Whether `x ≤ ±Infinity` is allowed. Histogram boosting of scikit-learn and LightGBM write it for a split
   * that only separates missing values from all others. From any other producer an infinite split is an
   * error.
   */
  readonly infiniteSplits: boolean;
  /**
   * The weights of node i are the entries weightStart[i] … weightStart[i + 1] − 1 of `weightTarget` and
   * `weightValue`.
   */
  readonly weightStart: Int32Array;
  readonly weightTarget: Int32Array;
  readonly weightValue: Float64Array;
}
