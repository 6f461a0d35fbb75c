import { type CellRows, type Cells, cellCount, fillCells, makeCells } from "./cells.ts";

/** One cut of the cells of a numeric feature, with the rows up to it. */
export interface ProfileCut {
  readonly cut: number;
  /** Number of rows above the previous cut and up to this one; without the rows of an atom. */
  readonly below: number;
  /** Median of these rows. Null when there are none. */
  readonly typical: number | null;
  /** Number of rows whose value is exactly the cut, when it is an atom. Null: it is none. */
  readonly at: number | null;
}

/** Distribution of a numeric feature in bounded size: at most some eighty cuts. */
export interface NumericProfile {
  readonly kind: "numeric";
  readonly feature: string;
  /** Number of rows, with those without a value. */
  readonly rows: number;
  /** Number of rows without a value. */
  readonly missing: number;
  /** Number of suppliers of these rows. Rows of one supplier are not independent of each other. */
  readonly suppliers: number;
  readonly cuts: readonly ProfileCut[];
}

/**
 * Returns the distribution of a numeric feature.
 * @param values NaN = missing
 * @param suppliers number of different suppliers; default: one per row
 * @param sorted the known values in ascending order
 */
export function profileNumbers(
  feature: string,
  values: Float64Array,
  suppliers = values.length,
  sorted = sortKnown(values),
): NumericProfile {
  const cells = makeCells(sorted);
  const { counts, typical } = fillCells(cells, sorted);
  const cuts = Array.from(cells.cuts, (cut, i) => ({
    cut,
    below: counts[2 * i],
    typical: counts[2 * i] > 0 ? typical[2 * i] : null,
    at: cells.atoms[i] === 1 ? counts[2 * i + 1] : null,
  }));
  return { kind: "numeric", feature, rows: values.length, missing: values.length - sorted.length, suppliers, cuts };
}

/** Returns the values that are not NaN in ascending order. */
export function sortKnown(values: Float64Array): Float64Array {
  const known = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) known[count++] = values[i];
  return known.subarray(0, count).sort();
}

/** Returns the known values in ascending order. */
export type Sorter = (values: Float64Array) => Float64Array;

/** Creates a sorter that sorts each array once. The arrays must not change. */
export function createSorter(): Sorter {
  const sorted = new Map<Float64Array, Float64Array>();
  return (values) => {
    const known = sorted.get(values) ?? sortKnown(values);
    sorted.set(values, known);
    return known;
  };
}

/** Returns the cells of a profile and its rows in them. */
export function cellsOfProfile({ cuts }: NumericProfile): { readonly cells: Cells; readonly rows: CellRows } {
  const cells = {
    cuts: Float64Array.from(cuts, ({ cut }) => cut),
    atoms: Uint8Array.from(cuts, ({ at }) => (at === null ? 0 : 1)),
  };
  const counts = new Float64Array(cellCount(cells));
  const typical = new Float64Array(counts.length).fill(Number.NaN);
  for (const [i, { cut, below, typical: middle, at }] of cuts.entries()) {
    counts[2 * i] = below;
    if (below > 0) typical[2 * i] = middle ?? cut;
    counts[2 * i + 1] = at ?? 0;
    if (at !== null && at > 0) typical[2 * i + 1] = cut;
  }
  return { cells, rows: { counts, typical } };
}
