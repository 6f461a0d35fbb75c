/** Comparison of a node: `x MODE split` sends a row to the yes child. */
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

/** The nodes of an ensemble as an ONNX operator lists them, all versions of the operator alike. */
export interface NodeTable {
  readonly size: number;
  /** One of `MODE`. */
  readonly mode: Uint8Array;
  readonly feature: Int32Array;
  /** What the row is compared with; float32 or double as the file has it. */
  readonly split: Float64Array;
  /** Node to go to when the comparison holds, and when it does not; −1 on leaves. */
  readonly yes: Int32Array;
  readonly no: Int32Array;
  /** 1: a missing value (NaN) goes to the yes child whatever the comparison says. */
  readonly missingYes: Uint8Array;
  /** Sets of `MODE.member` nodes. */
  readonly members: ReadonlyMap<number, readonly number[]>;
  /** `nodes_hitrates`, or null when the file has none. */
  readonly hitRate: Float64Array | null;
  /** First node of every tree. */
  readonly roots: readonly number[];
  /**
   * Whether `x ≤ ±Infinity` may be in it. scikit-learn's histogram boosting and LightGBM write that for a split that only parts
   * missing values from others; from anywhere else an infinite split is a defect.
   */
  readonly infiniteSplits: boolean;
  /** Weights of node i are entries weightStart[i] … weightStart[i + 1] − 1 of the two lists. */
  readonly weightStart: Int32Array;
  readonly weightTarget: Int32Array;
  readonly weightValue: Float64Array;
}
