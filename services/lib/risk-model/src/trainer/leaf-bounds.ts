import type { SplitLimits } from "./find-split.ts";

/** What a higher value of a column may do to the output: 1 raise it, −1 lower it, 0 either. One a column. */
export type MonotoneColumns = Int8Array;

/** The constraints, or null when no column has one. */
export const constrained = (monotone: MonotoneColumns | undefined): MonotoneColumns | null =>
  monotone?.some((direction) => direction !== 0) ? monotone : null;

/** Smallest and largest leaf that a subtree may hold, before scaling. */
export interface LeafBounds {
  readonly lower: number;
  readonly upper: number;
}

/** A subtree that no constrained split stands above. */
export const UNBOUNDED: LeafBounds = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };

/** A node's best leaf `−G/(H+λ)` within its bounds. */
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
 * Bounds of a split's children. A constrained column puts the middle of the two leaves between them: every leaf on one side is then
 * at most every leaf on the other, however deep the tree grows (the method of XGBoost's `monotone_constraints`).
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
