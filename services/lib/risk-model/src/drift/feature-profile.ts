/** The bins of a feature's values. */
export type FeatureBins =
  | {
      readonly kind: "numeric";
      readonly feature: string;
      /** Ascending. A value belongs to the first bin whose edge is at or above it, else to the last bin. */
      readonly edges: readonly number[];
    }
  | {
      readonly kind: "category";
      readonly feature: string;
      /** Values with a bin of their own; all others share one. */
      readonly values: readonly string[];
    };

/**
 * Number of rows in each bin, then the number of rows without a value: length of `edges` or `values` + 2
 * entries.
 */
export type BinCounts = number[];

/**
 * Number of bins of a numeric feature. They have nearly equal numbers of rows, as is usual for the population
 * stability index.
 */
const NUMERIC_BINS = 10;
/** Maximum number of categories with a bin of their own. The rarer ones share one bin. */
const CATEGORY_BINS = 30;

/** Returns bins at the deciles of `values`. NaN is left out, and equal deciles become one edge. */
export function numericBins(feature: string, values: Float64Array): FeatureBins {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const edges: number[] = [];
  for (let k = 1; k < NUMERIC_BINS; k++) {
    const edge = sorted[Math.ceil((k * sorted.length) / NUMERIC_BINS) - 1];
    if (edge !== undefined && edge !== edges.at(-1)) edges.push(edge);
  }
  return { kind: "numeric", feature, edges };
}

/** Returns bins of the most frequent values. Equally frequent values are in the order of their text. */
export function categoryBins(feature: string, values: Iterable<string | null>): FeatureBins {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  const frequent = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, CATEGORY_BINS);
  return { kind: "category", feature, values: frequent.map(([value]) => value) };
}

/** Returns a count of 0 for each bin. */
export function emptyCounts(bins: FeatureBins): BinCounts {
  return new Array<number>((bins.kind === "numeric" ? bins.edges.length : bins.values.length) + 2).fill(0);
}

/** Adds values to `counts`. A value that does not fit the kind of the bins counts as a row without a value. */
export function countValues(bins: FeatureBins, values: Iterable<number | string | null>, counts: BinCounts): void {
  const binOf = binFinder(bins);
  for (const value of values) {
    const bin = binOf(value) ?? counts.length - 1;
    counts[bin] += 1;
  }
}

function binFinder(bins: FeatureBins): (value: number | string | null) => number | null {
  if (bins.kind === "numeric") {
    const { edges } = bins;
    return (value) => (typeof value !== "number" || Number.isNaN(value) ? null : firstNotBelow(edges, value));
  }
  const places = new Map(bins.values.map((value, place) => [value, place]));
  return (value) => (typeof value === "string" ? (places.get(value) ?? bins.values.length) : null);
}

/** Returns the index of the first edge at or above `value`; `edges.length` when there is none. */
function firstNotBelow(edges: readonly number[], value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
