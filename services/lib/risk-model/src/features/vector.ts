/** Why a supplier cannot be scored; `field` is a path such as "supplier.features.late_ratio". */
export interface Violation {
  readonly field: string;
  readonly reason:
    | "FEATURE_UNKNOWN"
    | "FEATURE_NOT_FINITE"
    | "FEATURE_OUT_OF_RANGE"
    | "FEATURE_WRONG_KIND"
    | "FEATURE_REQUIRED";
  readonly message: string;
}

/** A warning about a score. It does not prevent the score. */
export interface VectorWarning {
  readonly code: "OUTSIDE_TRAINING_RANGE" | "UNKNOWN_CATEGORY" | "TOO_FEW_FEATURES";
  /** Name of the feature; empty when the warning is about the whole supplier. */
  readonly feature: string;
  readonly message: string;
}

/** One supplier as the model's input. */
export interface Vector {
  /** float32 `[columns]`; undefined content when there are violations. */
  readonly row: Float32Array;
  /** The numbers that the caller sent, including those sent as text. */
  readonly features: Readonly<Record<string, number>>;
  /** Names of missing features in the model's order; the text is last. */
  readonly missing: readonly string[];
  readonly warnings: readonly VectorWarning[];
  /** False when fewer features than `minimumPresent` are known, so that the supplier has no score. */
  readonly enough: boolean;
  readonly violations: readonly Violation[];
}

/** Many suppliers as the model's input. */
export interface VectorBatch {
  /** float32 `[rows × columns]`, row-major; rows with violations are all NaN. */
  readonly values: Float32Array;
  /** Number of missing features per row, with the text: the number of names in `Vector.missing`. */
  readonly missingCounts: Uint16Array;
  /** 1: the row has too few known features for a score. */
  readonly tooFew: Uint8Array;
  /**
   * Number of values per feature that are categories the model does not know, in the order of the features; a feature
   * without such a value is left out. They count as missing, or have the code of all other texts.
   */
  readonly unknownCategories: ReadonlyMap<string, number>;
  /** First violation of each row that has one, in the order of the rows. */
  readonly violations: readonly (Violation & { readonly row: number })[];
}
