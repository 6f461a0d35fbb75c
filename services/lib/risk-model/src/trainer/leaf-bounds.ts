import type { SplitLimits } from "./find-split.ts";

/**
 * Allowed effect of a higher value on the output, per column: 1: it may only increase the output; −1: it may
 * only lower it; 0: any effect.
 */
export type MonotoneColumns = Int8Array;

/** Returns the constraints, or null when no column has one. */
export const constrained = (monotone: MonotoneColumns | undefined): MonotoneColumns | null =>
  monotone?.some((direction) => direction !== 0) ? monotone : null;

/** Smallest and largest leaf that a subtree may hold, before scaling. */
export interface LeafBounds {
  readonly lower: number;
  readonly upper: number;
}

/** Bounds of a subtree without a constrained split above it. */
export const UNBOUNDED: LeafBounds = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };

/** Returns the best leaf of a node, `−G/(H+λ)`, limited to its bounds. */
export function boundedLeaf(gradient: number, hessian: number, l2: number, { lower, upper }: LeafBounds): number {
  const shrunk = hessian + l2;
  const best = shrunk > 0 ? (0 - gradient) / shrunk : 0;
  return Math.min(upper, Math.max(lower, best));
}

/** Sums over the rows of a child. */
interface ChildSums {
  readonly gradient: number;
  readonly hessian: number;
}

/**
 * Returns the bounds of a split's children. For a constrained column, the mean of the two leaves becomes the
 * bound between the children. Then every leaf on one side is at most every leaf on the other, however deep
 * the tree grows (the method of XGBoost's `monotone_constraints`).
 */
export function childBounds(
  direction: number,
  bounds: LeafBounds,
  left: ChildSums,
  right: ChildSums,
  { l2 }: SplitLimits,
): readonly [left: LeafBounds, right: LeafBounds] {
  if (direction === 0) return [bounds, bounds];
  const middle =
    (boundedLeaf(left.gradient, left.hessian, l2, bounds) + boundedLeaf(right.gradient, right.hessian, l2, bounds)) / 2;
  const below = { lower: bounds.lower, upper: middle };
  const above = { lower: middle, upper: bounds.upper };
  return direction > 0 ? [below, above] : [above, below];
}
