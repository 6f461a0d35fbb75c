import { LARGEST_FLOAT32 } from "@bellwether/tree-model/trees/float32";
import type { Tree } from "@bellwether/tree-model/trees/tree-model";
import type { Random } from "../random.ts";
import { type BinnedColumns, MISSING_BIN } from "./bins.ts";
import { drawColumns } from "./draw-columns.ts";
import { findMonotoneSplit } from "./find-monotone-split.ts";
import { findSplit, type Split, type SplitLimits } from "./find-split.ts";
import { type GradientPairs, type Histograms, subtractHistogram } from "./histograms.ts";
import { boundedLeaf, childBounds, type LeafBounds, type MonotoneColumns, UNBOUNDED } from "./leaf-bounds.ts";
import { createTreeBuilder } from "./tree-builder.ts";

/** Input of one tree. */
export interface GrowTree {
  readonly data: BinnedColumns;
  /** Rows of the tree. They are reordered in place, so that the rows of a leaf are contiguous. */
  readonly rows: Int32Array;
  readonly pairs: GradientPairs;
  /** Weight of each row of `data` in `cover`; integers. */
  readonly weight: Float64Array;
  /** Columns the tree may use. */
  readonly columns: Int32Array;
  /** Number of columns drawn at each node; also the width of `histograms`. */
  readonly columnsPerNode: number;
  readonly histograms: Histograms;
  readonly random: Random;
  /** Maximum number of levels; 0: unlimited. */
  readonly maxDepth: number;
  readonly limits: SplitLimits;
  /** Monotone constraints of the columns. Null: no column is constrained. */
  readonly monotone: MonotoneColumns | null;
  /** Factor of every leaf: the learning rate, or one divided by the number of trees. */
  readonly scale: number;
  /** Called with each leaf: its value and the range of its rows in `rows`. */
  readonly onLeaf?: (value: number, start: number, end: number) => void;
}

/** Sums over the rows of a node. */
interface Totals {
  readonly gradient: number;
  readonly hessian: number;
  readonly weight: number;
}

/** A node that is not split yet. */
interface OpenNode extends Totals {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly bounds: LeafBounds;
  /** Histogram of the node when it was already computed by subtraction. */
  readonly histogram: Float64Array | null;
}

const minus = (a: Totals, b: Totals): Totals => ({
  gradient: a.gradient - b.gradient,
  hessian: a.hessian - b.hessian,
  weight: a.weight - b.weight,
});

/**
 * Grows one tree on histograms. When every node uses all columns, only the smaller child is counted, and the
 * histogram of the larger child is the parent's minus that of the smaller. Leaves hold `−G/(H+λ) × scale` as
 * float32, and covers hold the weight of the rows. Nodes are split depth first, so that only one histogram
 * per level is in use.
 */
export function growTree(task: GrowTree): Tree {
  const { data, rows, columns, columnsPerNode, histograms, limits, maxDepth, monotone } = task;
  const binCounts = Int32Array.from(data.edges, (edges) => edges.length + 1);
  const spare = new Int32Array(rows.length);
  const builder = createTreeBuilder();
  const subtracts = columnsPerNode >= columns.length;

  const addLeaf = (totals: Totals, bounds: LeafBounds): number => {
    const value = boundedLeaf(totals.gradient, totals.hessian, limits.l2, bounds) * task.scale;
    return builder.addLeaf(Math.fround(value), totals.weight);
  };
  const totalsOf = (start: number, end: number): Totals => {
    let gradient = 0;
    let hessian = 0;
    let weight = 0;
    for (let r = start; r < end; r++) {
      const row = rows[r];
      gradient += task.pairs[2 * row];
      hessian += task.pairs[2 * row + 1];
      weight += task.weight[row];
    }
    return { gradient, hessian, weight };
  };
  /**
   * Returns the histograms of the children. The smaller child is counted, and the parent's histogram becomes
   * that of the larger one.
   */
  const childHistograms = (parent: Float64Array, start: number, middle: number, end: number) => {
    const small = histograms.take();
    const leftIsSmall = middle - start <= end - middle;
    if (leftIsSmall) histograms.count(small, columns, rows, start, middle);
    else histograms.count(small, columns, rows, middle, end);
    subtractHistogram(parent, small);
    return leftIsSmall ? { left: small, right: parent } : { left: parent, right: small };
  };
  const splitOf = (open: OpenNode): { split: Split | null; histogram: Float64Array } => {
    const chosen = drawColumns(columns, columnsPerNode, task.random);
    const histogram = open.histogram ?? histograms.take();
    if (open.histogram === null) histograms.count(histogram, chosen, rows, open.start, open.end);
    const split =
      monotone === null
        ? findSplit(histogram, chosen, binCounts, open, limits)
        : findMonotoneSplit(histogram, chosen, binCounts, open, limits, monotone, open.bounds);
    return { split, histogram };
  };

  const all = totalsOf(0, rows.length);
  const stack: OpenNode[] = [
    { node: addLeaf(all, UNBOUNDED), start: 0, end: rows.length, depth: 0, bounds: UNBOUNDED, ...all, histogram: null },
  ];
  for (let open = stack.pop(); open !== undefined; open = stack.pop()) {
    const { node, start, end } = open;
    const isBottom = end - start < 2 || (maxDepth > 0 && open.depth >= maxDepth);
    const found = isBottom ? null : splitOf(open);
    if (found === null || found.split === null) {
      if (found !== null) histograms.release(found.histogram);
      task.onLeaf?.(builder.valueOf(node), start, end);
      continue;
    }
    const { split, histogram } = found;
    const middle = partition(data, rows, spare, split, start, end);
    const left = totalsOf(start, middle);
    const right = minus(open, left);
    // a cut after the last known bin separates known from missing values, so it has no order
    const edges = data.edges[split.column];
    const isOrdered = split.bin < edges.length;
    const direction = isOrdered && monotone !== null ? monotone[split.column] : 0;
    const [leftBounds, rightBounds] = childBounds(direction, open.bounds, left, right, limits);
    const children = { left: addLeaf(left, leftBounds), right: addLeaf(right, rightBounds) };
    // The largest float32 sends every known value left.
    const threshold = isOrdered ? edges[split.bin] : LARGEST_FLOAT32;
    builder.split(node, { feature: split.column, threshold, defaultLeft: split.defaultLeft, ...children });
    const depth = open.depth + 1;
    const goesOn = subtracts && (maxDepth === 0 || depth < maxDepth);
    const given = goesOn ? childHistograms(histogram, start, middle, end) : { left: null, right: null };
    if (!goesOn) histograms.release(histogram);
    stack.push(
      { node: children.right, start: middle, end, depth, bounds: rightBounds, ...right, histogram: given.right },
      { node: children.left, start, end: middle, depth, bounds: leftBounds, ...left, histogram: given.left },
    );
  }
  return builder.build();
}

/**
 * Moves the rows that go left to the front and keeps the order on both sides. Returns where the right side
 * starts.
 */
function partition(
  data: BinnedColumns,
  rows: Int32Array,
  spare: Int32Array,
  split: Split,
  start: number,
  end: number,
): number {
  const bins = data.bins.subarray(split.column * data.rows, (split.column + 1) * data.rows);
  let left = start;
  let right = 0;
  for (let r = start; r < end; r++) {
    const row = rows[r];
    const bin = bins[row];
    if (bin === MISSING_BIN ? split.defaultLeft : bin <= split.bin) rows[left++] = row;
    else spare[right++] = row;
  }
  rows.set(spare.subarray(0, right), left);
  return left;
}
