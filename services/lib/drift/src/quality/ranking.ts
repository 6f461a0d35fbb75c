/** Rows in the order of decreasing values, in groups of equal values. */
export interface Ranking {
  /** Positions of the rows. */
  readonly order: Uint32Array;
  /** Number of groups; group `g` has the rows `starts[g]` to `starts[g + 1] - 1` of `order`. */
  readonly groups: number;
  readonly starts: Uint32Array;
}

/**
 * Ranks values without NaN. The values are sorted as numbers and the rows are then counted into their places, which is several times
 * faster than sorting the rows by a comparison.
 */
export function rankRows(values: Float64Array): Ranking {
  const distinct = values.slice().sort();
  let groups = 0;
  for (let i = 0; i < distinct.length; i++)
    if (i === 0 || distinct[i] !== distinct[groups - 1]) distinct[groups++] = distinct[i];
  const group = new Uint32Array(values.length);
  const starts = new Uint32Array(groups + 1);
  for (let i = 0; i < values.length; i++) {
    group[i] = groups - 1 - placeOf(distinct, groups, values[i]);
    starts[group[i] + 1]++;
  }
  for (let g = 0; g < groups; g++) starts[g + 1] += starts[g];
  const next = starts.slice();
  const order = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) order[next[group[i]]++] = i;
  return { order, groups, starts };
}

/** Returns the place of a value among the first `count` of ascending values, which contain it. */
function placeOf(ascending: Float64Array, count: number, value: number): number {
  let [low, high] = [0, count - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
