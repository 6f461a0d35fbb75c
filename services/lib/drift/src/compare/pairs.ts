/** Suppliers of the present week that the previous week has too. */
export interface Pairs {
  /** Row of the previous week for each row of the present one; −1: the supplier is not in the previous week. */
  readonly previousRow: Int32Array;
  /** Number of rows with a previous row. */
  readonly count: number;
}

/** Finds the pairs of two weeks by supplier id. When an id repeats, its last row counts. */
export function pairSuppliers(present: readonly string[], previous: readonly string[]): Pairs {
  const rows = new Map(previous.map((id, row) => [id, row]));
  const previousRow = Int32Array.from(present, (id) => rows.get(id) ?? -1);
  return { previousRow, count: previousRow.reduce((sum, row) => (row < 0 ? sum : sum + 1), 0) };
}

/** Differences within pairs, and how alike the two values of a pair are. */
export interface PairedScores {
  /** Score of the present row − score of the previous row. */
  readonly differences: Float64Array;
  /** Correlation of the two scores, at least 0. */
  readonly correlation: number;
}

/**
 * Returns the differences of the scores of both rows of each pair.
 * @param present score of each present row; NaN = the row has none
 * @param previous score of each previous row; NaN = the row has none
 */
export function pairScores({ previousRow }: Pairs, present: Float64Array, previous: Float64Array): PairedScores {
  const differences = new Float64Array(previousRow.length);
  let [n, sumX, sumY, xx, yy, xy] = [0, 0, 0, 0, 0, 0];
  for (let row = 0; row < previousRow.length; row++) {
    if (previousRow[row] < 0) continue;
    const [x, y] = [present[row], previous[previousRow[row]]];
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    differences[n++] = x - y;
    sumX += x;
    sumY += y;
    xx += x * x;
    yy += y * y;
    xy += x * y;
  }
  const covariance = n * xy - sumX * sumY;
  const spread = Math.sqrt(Math.max(0, n * xx - sumX * sumX) * Math.max(0, n * yy - sumY * sumY));
  return {
    differences: differences.subarray(0, n),
    correlation: spread > 0 ? Math.min(1, Math.max(0, covariance / spread)) : 0,
  };
}

/**
 * Returns the variance of the difference of two shares, without the factor p (1 − p): 1/n + 1/m for independent samples,
 * less the part that the pairs have in common.
 */
export function differenceVariance(reference: number, present: number, pairs: number, correlation: number): number {
  return Math.max(0, 1 / reference + 1 / present - (2 * correlation * pairs) / (reference * present));
}
