/** Bin of a missing value. */
export const MISSING_BIN = 255;

/** Columns cut into at most 255 bins, with a bin of their own for missing values. */
export interface BinnedColumns {
  readonly rows: number;
  readonly columns: number;
  /** Bin of every value, column-major `[columns × rows]`. */
  readonly bins: Uint8Array;
  /** Per column the upper edge of each bin but the last: a value is in bin b when `edge[b−1] < x ≤ edge[b]`. Float32. */
  readonly edges: readonly Float32Array[];
}

/** Values between two neighbours of a sorted column where a cut falls: their midpoint in float32, never above the lower bin's reach. */
function cutBetween(low: number, high: number): number {
  const middle = Math.fround(low + (high - low) / 2);
  return middle < high ? middle : low;
}

/** Cuts of one sorted column without NaN: every distinct value when there are few, else equal shares of rows. */
function findEdges(sorted: Float32Array): Float32Array {
  const distinct: number[] = [];
  const counts: number[] = [];
  for (const value of sorted) {
    if (distinct.length > 0 && distinct[distinct.length - 1] === value)
      counts[counts.length - 1] = (counts[counts.length - 1] ?? 0) + 1;
    else {
      distinct.push(value);
      counts.push(1);
    }
  }
  const edges: number[] = [];
  const share = distinct.length <= MISSING_BIN ? 0 : sorted.length / MISSING_BIN;
  let seen = 0;
  let next = share;
  for (let i = 0; i + 1 < distinct.length; i++) {
    seen += counts[i] ?? 0;
    if (seen < next) continue;
    edges.push(cutBetween(distinct[i] ?? 0, distinct[i + 1] ?? 0));
    if (share > 0) while (next <= seen) next += share;
  }
  return Float32Array.from(edges);
}

/** Bin of a value: the first whose upper edge is not below it. */
function binOf(edges: Float32Array, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (edges[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Cuts a row-major float32 matrix `[rows × columns]` (NaN = missing) into bins for histogram training.
 * Method of the histogram learners (Ke et al., LightGBM, NeurIPS 2017, §2): quantile bins, at most 255.
 */
export function binColumns(values: Float32Array, rows: number, columns: number): BinnedColumns {
  const bins = new Uint8Array(rows * columns);
  const edges: Float32Array[] = [];
  for (let column = 0; column < columns; column++) {
    const present = new Float32Array(rows);
    let n = 0;
    for (let row = 0; row < rows; row++) {
      const value = values[row * columns + column] ?? Number.NaN;
      if (!Number.isNaN(value)) present[n++] = value;
    }
    const cuts = findEdges(present.subarray(0, n).sort());
    edges.push(cuts);
    for (let row = 0; row < rows; row++) {
      const value = values[row * columns + column] ?? Number.NaN;
      bins[column * rows + row] = Number.isNaN(value) ? MISSING_BIN : binOf(cuts, value);
    }
  }
  return { rows, columns, bins, edges };
}
