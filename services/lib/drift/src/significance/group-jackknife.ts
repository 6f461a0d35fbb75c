import { tQuantile, tTwoSided } from "./student-t.ts";

/** An estimate with its interval. `low` and `high` are null where the interval cannot be computed. */
export interface Estimate {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** What the jackknife gives for one statistic. */
export interface Jackknife {
  readonly value: number;
  /** Null with fewer than two groups. */
  readonly variance: number | null;
  /** Degrees of freedom: the number of groups that have rows, minus one. */
  readonly df: number;
}

/**
 * Estimates the variance of a statistic by leaving out one group of rows at a time. A group has all rows of some suppliers, so that
 * the rows of a supplier, which are not independent, stay together. Groups without rows are not left out. Source: Kott, "The
 * Delete-a-Group Jackknife", Journal of Official Statistics 17, 2001; Wolter, "Introduction to Variance Estimation", 2nd edition,
 * 2007, chapter 4.
 * @param statistic of all groups except one; -1 leaves out none. NaN: it cannot be computed.
 * @param hasRows whether a group has rows
 * @returns null when the statistic cannot be computed with all groups
 */
export function jackknife(
  groups: number,
  hasRows: (group: number) => boolean,
  statistic: (without: number) => number,
): Jackknife | null {
  const value = statistic(-1);
  if (Number.isNaN(value)) return null;
  const left: number[] = [];
  for (let group = 0; group < groups; group++) if (hasRows(group)) left.push(statistic(group));
  const count = left.length;
  // A statistic that needs every group has no variance that can be estimated.
  if (count < 2 || left.some(Number.isNaN)) return { value, variance: null, df: Math.max(0, count - 1) };
  const mean = left.reduce((sum, x) => sum + x, 0) / count;
  const squares = left.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { value, variance: ((count - 1) / count) * squares, df: count - 1 };
}

/** Returns the interval of Student's t of a jackknife. */
export function estimateOf({ value, variance, df }: Jackknife, level = 0.95): Estimate {
  if (variance === null) return { value, low: null, high: null };
  const half = tQuantile(level, df) * Math.sqrt(variance);
  return { value, low: value - half, high: value + half };
}

/**
 * Returns the interval of a statistic that cannot be negative: that of Student's t of its logarithm (delta method), so that the interval
 * has no negative values. Source: Agresti, "Categorical Data Analysis", 3rd edition, 2013, chapter 3.1.
 */
export function positiveEstimateOf(found: Jackknife, level = 0.95): Estimate {
  const { value, variance, df } = found;
  if (variance === null || value <= 0) return estimateOf(found, level);
  const factor = Math.exp((tQuantile(level, df) * Math.sqrt(variance)) / value);
  return { value, low: value / factor, high: value * factor };
}

/** Returns the two-sided p-value of the hypothesis that the statistic is 0; 1 where it cannot be tested. */
export function pValueOf({ value, variance, df }: Jackknife): number {
  if (value === 0 || variance === null) return 1;
  return variance === 0 ? 0 : tTwoSided(value / Math.sqrt(variance), df);
}
