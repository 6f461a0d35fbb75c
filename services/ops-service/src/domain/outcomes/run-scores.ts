/** Scores of suppliers in one run. All arrays have one element a supplier. */
export interface RunScores {
  readonly suppliers: Int32Array;
  readonly scores: Float64Array;
  /** Scores of the scorecard. NaN: it has not scored the supplier, or the weeks are compared with none. */
  readonly scorecardScores: Float64Array;
  readonly regions: readonly string[];
  readonly categories: readonly string[];
  /** NaN: not known. */
  readonly exposures: Float64Array;
}
