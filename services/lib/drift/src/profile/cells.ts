/**
 * Cells that divide all numbers. Between two neighboring cuts there is one open cell; a cut that many rows have exactly
 * is a cell of its own (an atom). Cell 2i has the values above cut i − 1 and below cut i, and cut i itself unless it is
 * an atom; cell 2i + 1 has cut i when it is an atom; the last cell has all values above the last cut.
 */
export interface Cells {
  /** Ascending, without repetition. */
  readonly cuts: Float64Array;
  /** 1 for each cut that is an atom, else 0. */
  readonly atoms: Uint8Array;
}

/** Rows of one sample in each cell. */
export interface CellRows {
  /** Number of rows in each cell; length 2 × cuts + 1. */
  readonly counts: Float64Array;
  /** Median of the values in each cell. NaN for a cell without rows. */
  readonly typical: Float64Array;
}

/** Number of cells with nearly equal numbers of rows. A shift of a hundredth of σ moves rows from cell to cell. */
const GROUPS = 40;

/** Share of the rows at each end that counts in tests and not in the size of a change: a wrong unit in one row is none. */
export const TRIMMED_SHARE = 0.005;

/** Returns the number of cells. */
export const cellCount = ({ cuts }: Pick<Cells, "cuts">): number => 2 * cuts.length + 1;

/**
 * Makes cells of nearly equal numbers of rows. A value that a fortieth of the rows have becomes an atom; when there are
 * at most 40 different values, each is an atom.
 * @param sorted values in ascending order, without NaN
 */
export function makeCells(sorted: Float64Array): Cells {
  const [cuts, atoms]: [number[], number[]] = [[], []];
  const n = sorted.length;
  const isFew = countDistinct(sorted, GROUPS + 1) <= GROUPS;
  const targets = [TRIMMED_SHARE * n, ...Array.from({ length: GROUPS - 1 }, (_, k) => ((k + 1) * n) / GROUPS)];
  targets.push((1 - TRIMMED_SHARE) * n, n);
  let target = 0;
  /** Value of the open cell that is not closed yet. */
  let pending: number | null = null;
  for (let from = 0, to = 0; from < n; from = to) {
    while (to < n && sorted[to] === sorted[from]) to++;
    const isAtom = isFew || to - from >= n / GROUPS;
    if (isAtom && pending !== null) push(cuts, atoms, pending, 0);
    if (isAtom) push(cuts, atoms, sorted[from], 1);
    const isClosed = isAtom || to >= targets[target] || to === n;
    if (isClosed && !isAtom) push(cuts, atoms, sorted[from], 0);
    pending = isClosed ? null : sorted[from];
    while (target < targets.length && to >= targets[target]) target++;
  }
  return { cuts: Float64Array.from(cuts), atoms: Uint8Array.from(atoms) };
}

function push(cuts: number[], atoms: number[], cut: number, atom: number): void {
  cuts.push(cut);
  atoms.push(atom);
}

function countDistinct(sorted: Float64Array, limit: number): number {
  let distinct = 0;
  for (let i = 0; i < sorted.length && distinct < limit; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) distinct++;
  return distinct;
}

/** Returns the cell of a value that is not NaN. */
export function cellOf({ cuts, atoms }: Cells, value: number): number {
  let [low, high] = [0, cuts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cuts[middle] < value) low = middle + 1;
    else high = middle;
  }
  return 2 * low + (low < cuts.length && atoms[low] === 1 && cuts[low] === value ? 1 : 0);
}

/**
 * Counts a sample in cells.
 * @param sorted values in ascending order, without NaN
 */
export function fillCells(cells: Cells, sorted: Float64Array): CellRows {
  const counts = new Float64Array(cellCount(cells));
  const typical = new Float64Array(counts.length).fill(Number.NaN);
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    const cell = cellOf(cells, sorted[from]);
    to = from + 1;
    while (to < sorted.length && isInCell(cells, cell, sorted[to])) to++;
    counts[cell] = to - from;
    typical[cell] = sorted[(from + to - 1) >>> 1];
  }
  return { counts, typical };
}

/** Whether a value at or above one of a cell is in the same cell. */
function isInCell({ cuts, atoms }: Cells, cell: number, value: number): boolean {
  const cut = cell >>> 1;
  if (cell % 2 === 1) return value === cuts[cut];
  return cut >= cuts.length || value < cuts[cut] || (value === cuts[cut] && atoms[cut] === 0);
}
