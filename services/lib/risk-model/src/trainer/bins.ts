/** Bin of a missing value. */
export const MISSING_BIN = 255;

/** Columns divided into at most 255 bins, with a separate bin for missing values. */
export interface BinnedColumns {
  readonly rows: number;
  readonly columns: number;
  /** Bin of every value, column-major `[columns × rows]`. */
  readonly bins: Uint8Array;
  /**
   * Upper edge of each bin except the last, float32, per column: a value is in bin b when `edge[b−1] < x ≤
   * edge[b]`.
   */
  readonly edges: readonly Float32Array[];
}

/**
 * Returns the edge between two neighbours of a sorted column: their midpoint in float32, or `low` when the
 * midpoint rounds to `high`.
 */
function cutBetween(low: number, high: number): number {
  const middle = Math.fround(low + (high - low) / 2);
  return middle < high ? middle : low;
}

/**
 * Returns the edges of one sorted column without NaN: between all distinct values when there are few, else at
 * equal shares of rows.
 */
function findEdges(sorted: Float32Array): Float32Array {
  let distinct = sorted.length > 0 ? 1 : 0;
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) distinct++;
  const share = distinct <= MISSING_BIN ? 0 : sorted.length / MISSING_BIN;
  const edges: number[] = [];
  let next = share;
  for (let seen = 1; seen < sorted.length; seen++) {
    const low = sorted[seen - 1];
    const high = sorted[seen];
    if (low === high || seen < next) continue;
    edges.push(cutBetween(low, high));
    while (share > 0 && next <= seen) next += share;
  }
  return Float32Array.from(edges);
}

/** Returns the bin of a value: the first whose upper edge is at or above it. */
function binOf(edges: Float32Array, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= edges[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Divides a row-major float32 matrix `[rows × columns]` (NaN = missing) into bins for histogram training. The
 * method is that of the histogram learners (Ke et al., LightGBM, NeurIPS 2017, §2): quantile bins, at most
 * 255.
 */
export function binColumns(values: Float32Array, rows: number, columns: number): BinnedColumns {
  const bins = new Uint8Array(rows * columns);
  const edges: Float32Array[] = [];
  const all = new Float32Array(rows);
  const known = new Float32Array(rows);
  for (let column = 0; column < columns; column++) {
    let n = 0;
    for (let row = 0; row < rows; row++) {
      const value = values[row * columns + column];
      all[row] = value;
      if (!Number.isNaN(value)) known[n++] = value;
    }
    const cuts = findEdges(known.subarray(0, n).sort());
    edges.push(cuts);
    const into = bins.subarray(column * rows, (column + 1) * rows);
    for (let row = 0; row < rows; row++) {
      const value = all[row];
      into[row] = Number.isNaN(value) ? MISSING_BIN : binOf(cuts, value);
    }
  }
  return { rows, columns, bins, edges };
}
