import type { CellRows, Cells } from "../profile/cells.ts";
import { mixed, total } from "./transport.ts";

/** One bar of the two distributions of a feature. */
export interface DriftBin {
  /** Lower end of the values; −Infinity: none. Equal to `to`: exactly this value. Null for a category. */
  readonly from: number | null;
  /** Upper end of the values; Infinity: none. Null for a category. */
  readonly to: number | null;
  /** The category. Empty: all other categories. Null for numbers. */
  readonly category: string | null;
  /** Share of the known reference values, 0 to 1. */
  readonly referenceShare: number;
  /** Share of the known present values, 0 to 1. */
  readonly presentShare: number;
}

/** Maximum number of bins of a plot. */
export const MAX_BINS = 24;

const WIDE_BINS = 20;
/** Share of the rows at each end that are in an open bin. */
const OPEN_SHARE = 0.01;

/**
 * Returns the distributions of a numeric feature: one bin for each value if there are few values, otherwise bins of
 * equal width.
 */
export function numberBins(cells: Cells, reference: CellRows, present: CellRows): DriftBin[] {
  const [a, b] = [total(reference.counts), total(present.counts)];
  const used = [...reference.counts.keys()].filter((cell) => reference.counts[cell] + present.counts[cell] > 0);
  const shares = (cell: number) => ({
    category: null,
    referenceShare: reference.counts[cell] / a,
    presentShare: present.counts[cell] / b,
  });
  if (used.length <= MAX_BINS) return used.map((cell) => ({ ...rangeOf(cells, cell), ...shares(cell) }));
  const both = mixed(reference, present);
  const [low, high] = [valueAt(both, OPEN_SHARE), valueAt(both, 1 - OPEN_SHARE)];
  if (!(high > low)) return used.slice(0, MAX_BINS).map((cell) => ({ ...rangeOf(cells, cell), ...shares(cell) }));
  const width = (high - low) / WIDE_BINS;
  const bars = Array.from({ length: WIDE_BINS + 2 }, () => [0, 0]);
  for (const cell of used) {
    const { referenceShare, presentShare } = shares(cell);
    spread(cells, cell, both.typical[cell], (value, part) => {
      const bar = value < low ? 0 : Math.min(WIDE_BINS + 1, 1 + Math.floor((value - low) / width));
      bars[bar][0] += part * referenceShare;
      bars[bar][1] += part * presentShare;
    });
  }
  return bars.map(([referenceShare, presentShare], i) => ({
    from: i === 0 ? Number.NEGATIVE_INFINITY : low + (i - 1) * width,
    to: i === WIDE_BINS + 1 ? Number.POSITIVE_INFINITY : low + i * width,
    category: null,
    ...{ referenceShare, presentShare },
  }));
}

/** Number of points over which the rows of an open cell are distributed. */
const POINTS = 16;

/** Distributes the rows of a cell evenly between its ends; an atom and the outermost cells have one point. */
function spread({ cuts }: Cells, cell: number, typical: number, add: (value: number, part: number) => void): void {
  const cut = cell >>> 1;
  if (cell % 2 === 1 || cut === 0 || cut >= cuts.length) {
    add(typical, 1);
    return;
  }
  for (let i = 0; i < POINTS; i++) add(cuts[cut - 1] + ((i + 0.5) / POINTS) * (cuts[cut] - cuts[cut - 1]), 1 / POINTS);
}

function rangeOf({ cuts }: Cells, cell: number): Pick<DriftBin, "from" | "to"> {
  const cut = cell >>> 1;
  if (cell % 2 === 1) return { from: cuts[cut], to: cuts[cut] };
  return {
    from: cut === 0 ? Number.NEGATIVE_INFINITY : cuts[cut - 1],
    to: cut >= cuts.length ? Number.POSITIVE_INFINITY : cuts[cut],
  };
}

function valueAt({ counts, typical }: CellRows, share: number): number {
  const limit = share * total(counts);
  let below = 0;
  let last = Number.NaN;
  for (const [cell, count] of counts.entries()) {
    if (count === 0) continue;
    below += count;
    last = typical[cell];
    if (below >= limit) break;
  }
  return last;
}
