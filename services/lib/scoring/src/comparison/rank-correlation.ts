import { type Estimate, jackknife } from "@bellwether/drift/significance/group-jackknife";
import { tQuantile } from "@bellwether/drift/significance/student-t";
import type { SampledSupplier } from "./supplier-sample.ts";

/** Groups of suppliers of the jackknife of the rank correlation. */
const RANK_GROUPS = 64;
/** Fewest suppliers for an interval. */
const MIN_SUPPLIERS = 10;
const Z_95 = 1.959963984540054;

/** A rank correlation over suppliers. */
export interface RankCorrelation extends Estimate {
  /** Suppliers with a value of both versions. */
  readonly suppliers: number;
}

/**
 * Returns the rank correlation of Spearman between the values of two versions, each supplier once, with its 95 % interval: the
 * delete-a-group jackknife of Fisher's z. When the order is the same for all suppliers, the jackknife has no variance; the lower end is
 * then that of Bonett and Wright ("Sample size requirements for estimating Pearson, Kendall and Spearman correlations", Psychometrika 65,
 * 2000) for one exchange of two neighbors. Null: fewer than three suppliers, or all values of a version are equal.
 */
export function rankCorrelation(sample: readonly SampledSupplier[]): RankCorrelation | null {
  const rows = sample.filter(({ champion, challenger }) => Number.isFinite(champion) && Number.isFinite(challenger));
  const n = rows.length;
  if (n < 3) return null;
  const [byChampion, byChallenger] = [orderBy(rows, "champion"), orderBy(rows, "challenger")];
  const groups = rows.map(({ rank }) => rank % RANK_GROUPS);
  const present = new Set(groups);
  // Fisher's z of 1 is infinite: the largest correlation below 1 of n different ranks is used in its place.
  const largest = 1 - 12 / (n * (n * n - 1));
  const zWithout = (group: number): number =>
    Math.atanh(
      clamp(
        spearman(rows, byChampion, byChallenger, (row) => groups[row] !== group),
        largest,
      ),
    );
  const value = spearman(rows, byChampion, byChallenger, () => true);
  if (Number.isNaN(value)) return null;
  const found = jackknife(RANK_GROUPS, (group) => present.has(group), zWithout);
  if (n < MIN_SUPPLIERS || found === null || found.variance === null)
    return { value, low: null, high: null, suppliers: n };
  if (Math.abs(value) >= 1) {
    const half = Z_95 * Math.sqrt((1 + largest ** 2 / 2) / (n - 3));
    const end = Math.tanh(Math.atanh(largest) - half);
    return value > 0 ? { value: 1, low: end, high: 1, suppliers: n } : { value: -1, low: -1, high: -end, suppliers: n };
  }
  const half = tQuantile(0.95, found.df) * Math.sqrt(found.variance);
  return { value, low: Math.tanh(found.value - half), high: Math.tanh(found.value + half), suppliers: n };
}

const clamp = (value: number, largest: number): number => Math.max(-largest, Math.min(largest, value));

/** Returns the positions of the rows in ascending order of a value. */
function orderBy(
  rows: readonly SampledSupplier[],
  key: "champion" | "challenger",
): { order: number[]; key: typeof key } {
  const order = [...rows.keys()].sort((a, b) => (rows[a]?.[key] ?? 0) - (rows[b]?.[key] ?? 0));
  return { order, key };
}

type Order = ReturnType<typeof orderBy>;

/** Returns Spearman's correlation of the chosen rows, with middle ranks for equal values; NaN when one side has only equal values. */
function spearman(
  rows: readonly SampledSupplier[],
  one: Order,
  other: Order,
  isUsed: (row: number) => boolean,
): number {
  const [a, b] = [middleRanks(rows, one, isUsed), middleRanks(rows, other, isUsed)];
  let [n, squaresA, squaresB, products] = [0, 0, 0, 0];
  for (let row = 0; row < rows.length; row++) if (isUsed(row)) n++;
  const mean = (n + 1) / 2;
  for (let row = 0; row < rows.length; row++) {
    if (!isUsed(row)) continue;
    const [x, y] = [(a[row] as number) - mean, (b[row] as number) - mean];
    squaresA += x * x;
    squaresB += y * y;
    products += x * y;
  }
  if (squaresA === 0 || squaresB === 0) return Number.NaN;
  return clamp(products / Math.sqrt(squaresA * squaresB), 1);
}

function middleRanks(
  rows: readonly SampledSupplier[],
  { order, key }: Order,
  isUsed: (row: number) => boolean,
): Float64Array {
  const ranks = new Float64Array(rows.length);
  const used = order.filter(isUsed);
  for (let from = 0; from < used.length; ) {
    const value = rows[used[from] as number]?.[key];
    let until = from + 1;
    while (until < used.length && rows[used[until] as number]?.[key] === value) until++;
    for (let at = from; at < until; at++) ranks[used[at] as number] = (from + 1 + until) / 2;
    from = until;
  }
  return ranks;
}
