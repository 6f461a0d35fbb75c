import { MISSING_BIN } from "./bins.ts";
import { BIN_STRIDE, COLUMN_STRIDE } from "./histograms.ts";

/** The best cut of a node. */
export interface Split {
  readonly column: number;
  /** Rows in bins ≤ `bin` go left. With the column's last bin all known values go left. */
  readonly bin: number;
  readonly defaultLeft: boolean;
}

/** Limits of a child, and the shrinkage of leaves (`l2`, the λ of the gain). */
export interface SplitLimits {
  /** Minimum hessian (boosting) or weight (forest) of a child, above 0. */
  readonly minChildWeight: number;
  readonly l2: number;
}

/** Minimum gain of a split. Smaller gains are rounding errors. */
export const MIN_GAIN = 1e-9;
/**
 * Minimum share of a node's hessian in the missing bin that counts as missing values. A smaller share is a
 * rounding error of subtracted histograms.
 */
export const MISSING_SHARE = 1e-9;

/**
 * Finds the cut with the largest gain `GL²/(HL+λ) + GR²/(HR+λ) − G²/(H+λ)` (Chen & Guestrin, XGBoost, KDD
 * 2016, eq. 7). Missing values are tried on either side; a node without missing values sends them to the
 * heavier side. The histogram of the i-th of `columns` starts at `i × COLUMN_STRIDE`. Ties go to the earlier
 * column, then to missing values on the right, then to the earlier bin.
 */
export function findSplit(
  histogram: Float64Array,
  columns: Int32Array,
  binCounts: Int32Array,
  total: { readonly gradient: number; readonly hessian: number },
  limits: SplitLimits,
): Split | null {
  const { gradient: totalGradient, hessian: totalHessian } = total;
  const { minChildWeight, l2 } = limits;
  let best: Split | null = null;
  let bestSum = (totalGradient * totalGradient) / (totalHessian + l2) + MIN_GAIN;
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i];
    const start = i * COLUMN_STRIDE;
    const last = start + (binCounts[column] - 1) * BIN_STRIDE;
    const missing = start + MISSING_BIN * BIN_STRIDE;
    const missingHessian = histogram[missing + 1];
    const hasMissing = missingHessian > MISSING_SHARE * totalHessian;
    for (let missingLeft = 0; missingLeft < (hasMissing ? 2 : 1); missingLeft++) {
      let gradient = missingLeft === 1 ? histogram[missing] : 0;
      let hessian = missingLeft === 1 ? missingHessian : 0;
      // a cut after the last bin separates the known values from the missing ones
      const end = hasMissing && missingLeft === 0 ? last + BIN_STRIDE : last;
      for (let at = start; at < end; at += BIN_STRIDE) {
        gradient += histogram[at];
        hessian += histogram[at + 1];
        if (hessian < minChildWeight) continue;
        const rightHessian = totalHessian - hessian;
        if (rightHessian < minChildWeight) break;
        const rightGradient = totalGradient - gradient;
        const left = hessian + l2;
        const right = rightHessian + l2;
        // compares fractions over one denominator without a division, because most candidates lose
        const numerator = gradient * gradient * right + rightGradient * rightGradient * left;
        if (numerator <= bestSum * left * right) continue;
        bestSum = numerator / (left * right);
        best = {
          column,
          bin: (at - start) / BIN_STRIDE,
          defaultLeft: hasMissing ? missingLeft === 1 : hessian >= rightHessian,
        };
      }
    }
  }
  return best;
}
