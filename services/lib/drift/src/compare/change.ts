import type { DriftBin } from "./drift-bin.ts";

/** Difference between two samples of one feature, and how likely chance makes one as large. */
export interface Change {
  /**
   * Size: the Wasserstein distance in standard deviations of the reference for numbers; the largest change of a
   * category's share, or the change of the share of missing values. 0 or more.
   */
  readonly effect: number;
  /** Effect that is expected by chance at these numbers of rows. */
  readonly noise: number;
  /** The change with its sign: of the mean in standard deviations, or of the share. */
  readonly shift: number;
  /** Population stability index. Null for missing values. */
  readonly psi: number | null;
  /** Index that is expected by chance at these numbers of rows. Null for missing values. */
  readonly psiNoise: number | null;
  /** p-value before the correction. Null: both samples are constant and equal, so that nothing can be tested. */
  readonly p: number | null;
  /** Mean (without the half percent at each end), or share. */
  readonly referenceValue: number;
  readonly presentValue: number;
  /** The category whose share changed most. Null: not a category; empty: the rare categories together. */
  readonly category: string | null;
  readonly bins: readonly DriftBin[];
}

/** Share of the error that the test of both weeks as a whole has; the test of the pairs has the rest. */
export const WHOLE_WEIGHT = 0.5;

/** A p-value with its share of the error of all tests of one hypothesis. */
export interface WeightedTest {
  readonly p: number;
  /** Above 0; the weights of one hypothesis add up to 1. */
  readonly weight: number;
}

/**
 * Returns the p-value of several tests of one hypothesis: the smallest p ÷ weight (weighted Bonferroni; Genovese, Roeder
 * & Wasserman, "False discovery control with p-value weighting", Biometrika 93, 2006).
 */
export function smallestOf(tests: readonly WeightedTest[]): number {
  return Math.min(1, ...tests.map(({ p, weight }) => p / weight));
}
