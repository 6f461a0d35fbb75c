import { MISSING_BIN } from "./bins.ts";
import { MIN_GAIN, MISSING_SHARE, type Split, type SplitLimits } from "./find-split.ts";
import { BIN_STRIDE, COLUMN_STRIDE } from "./histograms.ts";
import { boundedLeaf, type LeafBounds, type MonotoneColumns } from "./leaf-bounds.ts";

/**
 * Returns twice the reduction of the loss by a leaf w: `−(2Gw + (H+λ)w²)`, which is `G²/(H+λ)` for the leaf
 * without bounds.
 */
const reduction = (gradient: number, hessian: number, l2: number, leaf: number): number =>
  -(2 * gradient * leaf + (hessian + l2) * leaf * leaf);

/**
 * Like `findSplit`, under monotone constraints. Leaves are limited to the node's bounds, and a cut of a
 * constrained column is rejected when its leaves contradict the direction. Missing values are tried on both
 * sides and are not constrained.
 */
export function findMonotoneSplit(
  histogram: Float64Array,
  columns: Int32Array,
  binCounts: Int32Array,
  total: { readonly gradient: number; readonly hessian: number },
  limits: SplitLimits,
  monotone: MonotoneColumns,
  bounds: LeafBounds,
): Split | null {
  const { gradient: totalGradient, hessian: totalHessian } = total;
  const { minChildWeight, l2 } = limits;
  const leafOf = (gradient: number, hessian: number): number => boundedLeaf(gradient, hessian, l2, bounds);
  let best: Split | null = null;
  let bestSum = reduction(totalGradient, totalHessian, l2, leafOf(totalGradient, totalHessian)) + MIN_GAIN;
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i];
    const direction = monotone[column];
    const start = i * COLUMN_STRIDE;
    const last = start + (binCounts[column] - 1) * BIN_STRIDE;
    const missing = start + MISSING_BIN * BIN_STRIDE;
    const missingHessian = histogram[missing + 1];
    const hasMissing = missingHessian > MISSING_SHARE * totalHessian;
    for (let missingLeft = 0; missingLeft < (hasMissing ? 2 : 1); missingLeft++) {
      let gradient = missingLeft === 1 ? histogram[missing] : 0;
      let hessian = missingLeft === 1 ? missingHessian : 0;
      const end = hasMissing && missingLeft === 0 ? last + BIN_STRIDE : last;
      for (let at = start; at < end; at += BIN_STRIDE) {
        gradient += histogram[at];
        hessian += histogram[at + 1];
        if (hessian < minChildWeight) continue;
        const rightHessian = totalHessian - hessian;
        if (rightHessian < minChildWeight) break;
        const rightGradient = totalGradient - gradient;
        const left = leafOf(gradient, hessian);
        const right = leafOf(rightGradient, rightHessian);
        // a cut after the last bin separates known from missing values, so it has no order
        if (at < last && direction * (right - left) < 0) continue;
        const sum = reduction(gradient, hessian, l2, left) + reduction(rightGradient, rightHessian, l2, right);
        if (sum <= bestSum) continue;
        bestSum = sum;
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
