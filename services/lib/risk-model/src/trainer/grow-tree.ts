import type { Random } from "../random.ts";
import type { Tree } from "../trees/tree-model.ts";
import { type BinnedColumns, MISSING_BIN } from "./bins.ts";
import { BIN_STRIDE, COLUMN_STRIDE, findSplit, type Split, type SplitLimits } from "./find-split.ts";
import { createTreeBuilder } from "./tree-builder.ts";

/** What one tree is grown from. */
export interface GrowTree {
  readonly data: BinnedColumns;
  /** Rows the tree sees; reordered in place. */
  readonly rows: Int32Array;
  /** First and second derivative of the loss, one a row of `data`. */
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
  /** Weight of a row in `cover`, one a row of `data`. */
  readonly weight: Float64Array;
  /** Columns the tree may use. */
  readonly columns: Int32Array;
  /** Columns drawn anew at each node; equal to `columns.length` when all are looked at. */
  readonly columnsPerNode: number;
  readonly random: Random;
  /** 0: unlimited. */
  readonly maxDepth: number;
  readonly limits: SplitLimits;
  /** Multiplies every leaf: the learning rate, or one over the number of trees. */
  readonly scale: number;
}

/** A node that waits for its split. */
interface OpenNode {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly gradient: number;
  readonly hessian: number;
  /** Histogram over all tree columns, kept when siblings are subtracted. */
  readonly histogram: Float64Array | null;
}

/** Draws k of the columns without replacement, in rising order (Floyd's algorithm). */
function drawColumns(columns: Int32Array, k: number, random: Random): Int32Array {
  if (k >= columns.length) return columns;
  const drawn = new Set<number>();
  for (let j = columns.length - k; j < columns.length; j++) {
    const t = random.below(j + 1);
    drawn.add(drawn.has(t) ? j : t);
  }
  return Int32Array.from(drawn, (i) => columns[i] ?? 0).sort();
}

/** Draws the columns of a tree. */
export function sampleColumns(count: number, share: number, random: Random): Int32Array {
  const all = Int32Array.from({ length: count }, (_, i) => i);
  return drawColumns(all, Math.max(1, Math.round(count * share)), random);
}

/**
 * Grows one tree on histograms, breadth first, the smaller sibling counted and the larger one subtracted when every node looks at all
 * columns (Ke et al., LightGBM, NeurIPS 2017). Leaves hold `−G/(H+λ) × scale` as float32, covers the rows' weight.
 */
export function growTree(task: GrowTree): Tree {
  const { data, rows, gradient, hessian, weight, columns, columnsPerNode, random, limits } = task;
  const { bins } = data;
  const binCounts = Int32Array.from(data.edges, (edges) => edges.length + 1);
  const builder = createTreeBuilder();
  const subtract = columnsPerNode >= columns.length;
  const width = Math.min(columnsPerNode, columns.length);
  const scratch = new Float64Array(width * COLUMN_STRIDE);
  const spare = new Int32Array(rows.length);

  const count = (into: Float64Array, chosen: Int32Array, start: number, end: number): void => {
    into.fill(0);
    for (let i = 0; i < chosen.length; i++) {
      const column = (chosen[i] ?? 0) * data.rows;
      const offset = i * COLUMN_STRIDE;
      for (let r = start; r < end; r++) {
        const row = rows[r] as number;
        const at = offset + (bins[column + row] as number) * BIN_STRIDE;
        into[at] = (into[at] as number) + (gradient[row] as number);
        into[at + 1] = (into[at + 1] as number) + (hessian[row] as number);
      }
    }
  };
  const leaf = (g: number, h: number, start: number, end: number): number => {
    let cover = 0;
    for (let r = start; r < end; r++) cover += weight[rows[r] as number] as number;
    return builder.addLeaf(Math.fround(h + limits.l2 > 0 ? (-g / (h + limits.l2)) * task.scale : 0), cover);
  };
  /** Moves the rows that go left to the front, order kept; returns where the right side starts. */
  const partition = (split: Split, start: number, end: number): number => {
    const column = split.column * data.rows;
    let left = start;
    let right = 0;
    for (let r = start; r < end; r++) {
      const row = rows[r] as number;
      const bin = bins[column + row] as number;
      if (bin === MISSING_BIN ? split.defaultLeft : bin <= split.bin) rows[left++] = row;
      else spare[right++] = row;
    }
    rows.set(spare.subarray(0, right), left);
    return left;
  };

  let rootGradient = 0;
  let rootHessian = 0;
  for (const row of rows) {
    rootGradient += gradient[row] as number;
    rootHessian += hessian[row] as number;
  }
  const root = leaf(rootGradient, rootHessian, 0, rows.length);
  const queue: OpenNode[] = [
    { node: root, start: 0, end: rows.length, depth: 0, gradient: rootGradient, hessian: rootHessian, histogram: null },
  ];
  for (let next = 0; next < queue.length; next++) {
    const open = queue[next] as OpenNode;
    // the queue keeps finished entries; their histograms are let go
    queue[next] = { ...open, histogram: null };
    if (open.end - open.start < 2 || (task.maxDepth > 0 && open.depth >= task.maxDepth)) continue;
    const chosen = drawColumns(columns, columnsPerNode, random);
    let histogram = open.histogram;
    if (histogram === null) {
      histogram = subtract ? new Float64Array(width * COLUMN_STRIDE) : scratch;
      count(histogram, chosen, open.start, open.end);
    }
    const split = findSplit(histogram, chosen, binCounts, open, limits);
    if (split === null) continue;
    const middle = partition(split, open.start, open.end);
    const sum = { gradient: 0, hessian: 0 };
    for (let r = open.start; r < middle; r++) {
      sum.gradient += gradient[rows[r] as number] as number;
      sum.hessian += hessian[rows[r] as number] as number;
    }
    const leftNode = leaf(sum.gradient, sum.hessian, open.start, middle);
    const rightNode = leaf(open.gradient - sum.gradient, open.hessian - sum.hessian, middle, open.end);
    builder.split(open.node, {
      feature: split.column,
      threshold: data.edges[split.column]?.[split.bin] ?? 0,
      defaultLeft: split.defaultLeft,
      left: leftNode,
      right: rightNode,
    });
    const depth = open.depth + 1;
    let leftHistogram: Float64Array | null = null;
    let rightHistogram: Float64Array | null = null;
    if (subtract && (task.maxDepth === 0 || depth < task.maxDepth)) {
      const smallIsLeft = middle - open.start <= open.end - middle;
      const small = new Float64Array(width * COLUMN_STRIDE);
      if (smallIsLeft) count(small, chosen, open.start, middle);
      else count(small, chosen, middle, open.end);
      for (let i = 0; i < histogram.length; i++) histogram[i] = (histogram[i] as number) - (small[i] as number);
      leftHistogram = smallIsLeft ? small : histogram;
      rightHistogram = smallIsLeft ? histogram : small;
    }
    queue.push(
      { node: leftNode, start: open.start, end: middle, depth, ...sum, histogram: leftHistogram },
      {
        node: rightNode,
        start: middle,
        end: open.end,
        depth,
        gradient: open.gradient - sum.gradient,
        hessian: open.hessian - sum.hessian,
        histogram: rightHistogram,
      },
    );
  }
  return builder.build();
}
