/** From points to a probability: the log-odds rise by ln 2 per `pointsToDoubleTheOdds`. */
export interface ScorecardScale {
  /** Sum of points at which the probability of the risk class is `probability`. */
  readonly points: number;
  /** In (0, 1). */
  readonly probability: number;
  /** Number of points with which the odds of the risk class double, above 0. */
  readonly pointsToDoubleTheOdds: number;
}

/** Numbers from `from`, included, to `to`, not included; the last range of a feature includes `to`. */
export interface PointsRange {
  readonly from: number;
  readonly to: number;
  /** Whole number. Positive: more risk. */
  readonly points: number;
}

/** A number with its points. */
export interface ScoredNumber {
  readonly kind: "numeric";
  readonly name: string;
  /** Ascending, without gaps, over the whole range of the feature. */
  readonly ranges: readonly PointsRange[];
  /** Points of a supplier without a value. Null: such a supplier is rejected (`missing: refuse`). */
  readonly missing: number | null;
}

/** A category with its points. */
export interface ScoredCategory {
  readonly kind: "category";
  readonly name: string;
  /** In the order of the file. */
  readonly categories: readonly { readonly category: string; readonly points: number }[];
  /** Points of any other category, and of a supplier without one. */
  readonly otherwise: number;
}

/** A feature that has points. */
export type ScoredFeature = ScoredNumber | ScoredCategory;

/** The contents of scorecard.yaml. */
export interface ScorecardSpec {
  readonly scale: ScorecardScale;
  /** Sums of points from which the bands medium and high begin, whole numbers, medium < high. */
  readonly bands: { readonly medium: number; readonly high: number };
  readonly features: readonly ScoredFeature[];
  /** Features of the model without points, and its text. */
  readonly unused: readonly string[];
}
