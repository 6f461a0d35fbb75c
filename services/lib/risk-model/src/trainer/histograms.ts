import type { BinnedColumns } from "./bins.ts";

/** Number of sums in a bin: gradient and hessian. */
export const BIN_STRIDE = 2;
/** Number of values in one column's histogram. */
export const COLUMN_STRIDE = 256 * BIN_STRIDE;

/** First and second derivative of the loss, two numbers per row: `[gradient, hessian, gradient, …]`. */
export type GradientPairs = Float64Array;

/** A pool of histograms over the same number of columns. */
export interface Histograms {
  /** Takes a histogram from the pool, `[columns × COLUMN_STRIDE]`. Its content is undefined. */
  take(): Float64Array;
  /** Returns a histogram to the pool. */
  release(histogram: Float64Array): void;
  /**
   * Fills `into` with the sums over `rows[start, end)`. The histogram of the i-th of `columns` starts at `i ×
   * COLUMN_STRIDE`.
   */
  count(into: Float64Array, columns: Int32Array, rows: Int32Array, start: number, end: number): void;
}

/**
 * Creates the pool of histograms of binned data. It allocates a histogram only when all others are in use.
 * @param width Number of columns of a histogram.
 * @param pairs Gradients and hessians; read at each count, so they may change between counts.
 */
export function createHistograms(data: BinnedColumns, pairs: GradientPairs, width: number): Histograms {
  const free: Float64Array[] = [];
  const binsOf = Array.from({ length: data.columns }, (_, column) =>
    data.bins.subarray(column * data.rows, (column + 1) * data.rows),
  );
  // the node's pairs in the order of its rows: random access once, then sequential access for every column
  const ordered = new Float64Array(2 * data.rows);
  return {
    take: () => free.pop() ?? new Float64Array(width * COLUMN_STRIDE),
    release: (histogram) => {
      free.push(histogram);
    },
    count(into, columns, rows, start, end) {
      into.fill(0);
      for (let r = start, k = 0; r < end; r++, k += 2) {
        const row = rows[r];
        ordered[k] = pairs[2 * row];
        ordered[k + 1] = pairs[2 * row + 1];
      }
      const binsAt = (i: number): Uint8Array => binsOf[columns[i]];
      let i = 0;
      for (; i + FOUR <= columns.length; i += FOUR) {
        const four = into.subarray(i * COLUMN_STRIDE, (i + FOUR) * COLUMN_STRIDE);
        addFourColumns(four, [binsAt(i), binsAt(i + 1), binsAt(i + 2), binsAt(i + 3)], rows, start, end, ordered);
      }
      for (; i < columns.length; i++) {
        addColumn(into.subarray(i * COLUMN_STRIDE, (i + 1) * COLUMN_STRIDE), binsAt(i), rows, start, end, ordered);
      }
    },
  };
}

function addColumn(
  into: Float64Array,
  bins: Uint8Array,
  rows: Int32Array,
  start: number,
  end: number,
  ordered: Float64Array,
): void {
  for (let r = start, k = 0; r < end; r++, k += 2) {
    const at = bins[rows[r]] << 1;
    into[at] += ordered[k];
    into[at + 1] += ordered[k + 1];
  }
}

/** Number of columns that are summed in one pass. */
const FOUR = 4;

/**
 * Sums four columns in one pass. The row number and pair are read once for all four, which takes at most half
 * the time of four passes.
 */
function addFourColumns(
  into: Float64Array,
  [first, second, third, fourth]: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array],
  rows: Int32Array,
  start: number,
  end: number,
  ordered: Float64Array,
): void {
  for (let r = start, k = 0; r < end; r++, k += 2) {
    const row = rows[r];
    const gradient = ordered[k];
    const hessian = ordered[k + 1];
    let at = first[row] << 1;
    into[at] += gradient;
    into[at + 1] += hessian;
    at = COLUMN_STRIDE + (second[row] << 1);
    into[at] += gradient;
    into[at + 1] += hessian;
    at = 2 * COLUMN_STRIDE + (third[row] << 1);
    into[at] += gradient;
    into[at + 1] += hessian;
    at = 3 * COLUMN_STRIDE + (fourth[row] << 1);
    into[at] += gradient;
    into[at + 1] += hessian;
  }
}

/**
 * Turns a parent's histogram into that of one child by subtracting that of the other (Ke et al., LightGBM,
 * NeurIPS 2017, §2.1).
 */
export function subtractHistogram(parent: Float64Array, child: Float64Array): void {
  for (let i = 0; i < parent.length; i++) parent[i] -= child[i];
}
