import { betaQuantile } from "./incomplete-beta.ts";
import { tQuantile } from "./student-t.ts";

/** An observed share, with what its interval needs. */
export interface ObservedShare {
  /** The share, in [0, 1]. */
  readonly share: number;
  /** Its variance with clusters, for example from the jackknife. */
  readonly variance: number;
  /** Number of rows, at least 1. */
  readonly rows: number;
  /** Number of independent clusters, at least 1: rows of one supplier count as one. */
  readonly clusters: number;
  /** Degrees of freedom of the variance, at least 1. */
  readonly df: number;
}

/** An interval, both ends included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Returns the interval of a share of clustered rows: that of Clopper and Pearson with the effective number of rows. It does not have the
 * width 0 when nothing, or everything, was observed. Source: Korn & Graubard, "Confidence intervals for proportions with small expected
 * number of positive counts estimated from survey data", Survey Methodology 24, 1998. At a share of 0 or 1, whose design effect cannot be
 * estimated, each cluster counts as one row.
 */
export function shareInterval(observed: ObservedShare, level = 0.95): Interval {
  const { share, rows } = observed;
  const effective = effectiveRows(observed, level);
  const positive = share * effective;
  const tail = (1 - level) / 2;
  return {
    low: share <= 0 ? 0 : betaQuantile(tail, positive, effective - positive + 1),
    high: share >= 1 ? 1 : betaQuantile(1 - tail, positive + 1, Math.max(effective - positive, 1e-9 / rows)),
  };
}

function effectiveRows({ share, variance, rows, clusters, df }: ObservedShare, level: number): number {
  if (share <= 0 || share >= 1) return Math.min(rows, clusters);
  if (!(variance > 0)) return Math.min(rows, clusters);
  const estimated = Math.min(rows, (share * (1 - share)) / variance);
  const correction = rows > 1 ? (tQuantile(level, rows - 1) / tQuantile(level, df)) ** 2 : 1;
  return Math.min(rows, estimated * correction);
}
