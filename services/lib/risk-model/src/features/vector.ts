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

/** What to know about a score that is no fault. */
export interface VectorWarning {
  readonly code: "OUTSIDE_TRAINING_RANGE" | "UNKNOWN_CATEGORY" | "TOO_FEW_FEATURES";
  /** Empty when it concerns the whole supplier. */
  readonly feature: string;
  readonly message: string;
}

/** One supplier as the model sees it. */
export interface Vector {
  /** float32 `[columns]`; meaningless when there are faults. */
  readonly row: Float32Array;
  /** The numbers that were given, those in texts too. */
  readonly features: Readonly<Record<string, number>>;
  /** Features that are not known, in the model's order; the text last. */
  readonly missing: readonly string[];
  readonly warnings: readonly VectorWarning[];
  /** False: fewer features than `minimumPresent`, so no score is made up. */
  readonly enough: boolean;
  readonly violations: readonly Violation[];
}

/** Many suppliers as the model sees them. */
export interface VectorBatch {
  /** float32 `[rows × columns]`, row-major; rows with faults are all NaN. */
  readonly values: Float32Array;
  /** Missing features per row, text apart. */
  readonly missingCounts: Uint16Array;
  /** 1: too few features for a score. */
  readonly tooFew: Uint8Array;
  /** First fault of each bad row, in rising order of rows. */
  readonly violations: readonly (Violation & { readonly row: number })[];
}
