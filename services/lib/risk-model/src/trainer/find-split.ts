import { MISSING_BIN } from "./bins.ts";

/** Two sums a bin: gradient, hessian. */
export const BIN_STRIDE = 2;
/** Numbers in one column's histogram. */
export const COLUMN_STRIDE = 256 * BIN_STRIDE;

/** The best cut of a node. */
export interface Split {
  readonly column: number;
  /** Rows in bins ≤ this go left. */
  readonly bin: number;
  readonly defaultLeft: boolean;
  readonly gain: number;
}

/** What a child must hold, and how leaves are shrunk. */
export interface SplitLimits {
  /** Smallest hessian (boosting) or weight (forest) of a child. */
  readonly minChildWeight: number;
  readonly l2: number;
}

/**
 * Finds the cut with the largest gain `GL²/(HL+λ) + GR²/(HR+λ) − G²/(H+λ)` (Chen & Guestrin, XGBoost, KDD 2016, eq. 7), missing
 * values tried on either side. `columns[i]`'s histogram stands at `i × COLUMN_STRIDE`. Ties go to the earlier column and bin.
 */
export function findSplit(
  histogram: Float64Array,
  columns: Int32Array,
  binCounts: Int32Array,
  total: { gradient: number; hessian: number },
  limits: SplitLimits,
): Split | null {
  const { minChildWeight, l2 } = limits;
  const parent = (total.gradient * total.gradient) / (total.hessian + l2);
  let best: Split | null = null;
  let bestGain = 1e-9;
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i] ?? 0;
    const start = i * COLUMN_STRIDE;
    const missingGradient = histogram[start + MISSING_BIN * BIN_STRIDE] ?? 0;
    const missingHessian = histogram[start + MISSING_BIN * BIN_STRIDE + 1] ?? 0;
    const sides = missingHessian > 0 ? 2 : 1;
    const last = (binCounts[column] ?? 1) - 1;
    let gradient = 0;
    let hessian = 0;
    for (let bin = 0; bin < last; bin++) {
      gradient += histogram[start + bin * BIN_STRIDE] ?? 0;
      hessian += histogram[start + bin * BIN_STRIDE + 1] ?? 0;
      for (let side = 0; side < sides; side++) {
        const leftGradient = side === 1 ? gradient + missingGradient : gradient;
        const leftHessian = side === 1 ? hessian + missingHessian : hessian;
        const rightGradient = total.gradient - leftGradient;
        const rightHessian = total.hessian - leftHessian;
        if (leftHessian < minChildWeight || rightHessian < minChildWeight) continue;
        const gain =
          (leftGradient * leftGradient) / (leftHessian + l2) +
          (rightGradient * rightGradient) / (rightHessian + l2) -
          parent;
        if (gain > bestGain) {
          bestGain = gain;
          // without missing rows in training, a missing value follows the heavier side
          best = { column, bin, defaultLeft: sides === 2 ? side === 1 : leftHessian >= rightHessian, gain };
        }
      }
    }
  }
  return best;
}
