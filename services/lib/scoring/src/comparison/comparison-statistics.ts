import {
  type Estimate,
  estimateOf,
  type Jackknife,
  jackknife,
  positiveEstimateOf,
} from "@bellwether/drift/significance/group-jackknife";
import { shareInterval } from "@bellwether/drift/significance/share-interval";
import { compareSegments, type SegmentDifference } from "./compare-segments.ts";
import { MATRIX_BANDS } from "./compared-row.ts";
import { type ComparisonSums, SUM, SUMS } from "./comparison-sums.ts";
import { type RankCorrelation, rankCorrelation } from "./rank-correlation.ts";
import { GROUPS } from "./supplier-hash.ts";

const BANDS = MATRIX_BANDS.length;

/** A statistic of some of the rows. */
export interface RowsEstimate extends Estimate {
  readonly rows: number;
}

/** How two versions differ. Intervals are at 95 % and treat the rows of one supplier as one cluster. */
export interface ComparisonStatistics {
  /** Number of compared rows. */
  readonly rows: number;
  readonly suppliers: number;
  /** Whether `suppliers` was counted; otherwise it is an estimate. */
  readonly areSuppliersExact: boolean;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** Mean of challenger - champion, of the rows with a value of both. Null: there are none. */
  readonly shift: RowsEstimate | null;
  /** Mean of |challenger - champion|. */
  readonly absoluteShift: RowsEstimate | null;
  /** Standard deviation of challenger - champion. Null: fewer than two rows. */
  readonly shiftDeviation: number | null;
  readonly championMean: number | null;
  readonly challengerMean: number | null;
  /** Rows by band of the champion, then of the challenger, in the order of MATRIX_BANDS. */
  readonly matrix: readonly (readonly number[])[];
  /** Share of the rows with another band, with a higher band, and with a lower band. Changes from or to UNKNOWN are in `changed` only. */
  readonly changed: RowsEstimate | null;
  readonly higher: RowsEstimate | null;
  readonly lower: RowsEstimate | null;
  /** Null: fewer than three suppliers with a value of both, or all values of a version are equal. */
  readonly rankCorrelation: RankCorrelation | null;
  /** Share of the rows whose first reason is the same feature. Null: no row has reasons of both versions. */
  readonly sameFirstReason: RowsEstimate | null;
  /** Mean share of common features among the first three reasons. */
  readonly reasonOverlap: RowsEstimate | null;
  /** Mean CPU time of a row, µs. Null: not measured. */
  readonly championMicros: RowsEstimate | null;
  readonly challengerMicros: RowsEstimate | null;
  /** CPU time of the challenger by that of the champion. */
  readonly timeRatio: RowsEstimate | null;
  readonly segments: SegmentDifferences;
}

/** The segments that differ from all other rows by more than chance. */
export interface SegmentDifferences {
  /** Number of segments that were tested. */
  readonly tested: number;
  readonly found: readonly SegmentDifference[];
}

/** Computes the statistics of the sums of one pair of versions. */
export function comparisonStatistics(sums: ComparisonSums): ComparisonStatistics {
  const { groups, suppliers, span } = sums;
  const totals = new Float64Array(SUMS);
  for (const [at, value] of groups.entries()) totals[at % SUMS] = (totals[at % SUMS] as number) + value;
  const total = (sum: number): number => totals[sum] as number;
  const inGroup = (group: number, sum: number): number => groups[group * SUMS + sum] as number;
  const cells = Array.from({ length: BANDS * BANDS }, (_, cell) => SUM.matrix + cell);
  const sumOf = (of: readonly number[]) => (at: (sum: number) => number) => of.reduce((sum, one) => sum + at(one), 0);
  const rowsOf = sumOf(cells);

  type Part = (at: (sum: number) => number) => number;
  const ratio = (over: Part, under: Part): Jackknife | null =>
    jackknife(
      GROUPS,
      (group) => under((sum) => inGroup(group, sum)) > 0,
      (without) => {
        const left = (sum: number): number => total(sum) - (without < 0 ? 0 : inGroup(without, sum));
        const rows = under(left);
        return rows > 0 ? over(left) / rows : Number.NaN;
      },
    );
  const one =
    (sum: number): Part =>
    (at) =>
      at(sum);
  const meanOf = (over: number, under: number, estimate = estimateOf): RowsEstimate | null => {
    const found = ratio(one(over), one(under));
    return found && { ...estimate(found), rows: total(under) };
  };
  const shareOf = (over: Part, under: Part): RowsEstimate | null => {
    const found = ratio(over, under);
    const rows = under(total);
    if (found === null) return null;
    const { value, variance, df } = found;
    if (variance === null) return { value, low: null, high: null, rows };
    // Left-out groups differ by rounding only where the share is 0 or 1.
    const clusters = Math.min(rows, suppliers.suppliers);
    return { value, rows, ...shareInterval({ share: value, variance, rows, clusters, df }) };
  };
  const cellsWhere = (isWanted: (champion: number, challenger: number) => boolean) =>
    sumOf(cells.filter((_, cell) => isWanted(Math.floor(cell / BANDS), cell % BANDS)));
  const isKnown = (band: number): boolean => band < BANDS - 1;
  const rows = rowsOf(total);
  const valued = total(SUM.valued);
  const mean = total(SUM.shift) / valued;

  return {
    rows,
    // The estimate has an error: no more suppliers than rows.
    suppliers: suppliers.isExact ? suppliers.suppliers : Math.min(rows, suppliers.suppliers),
    areSuppliersExact: suppliers.isExact,
    firstMs: span?.firstMs ?? null,
    lastMs: span?.lastMs ?? null,
    shift: meanOf(SUM.shift, SUM.valued),
    absoluteShift: meanOf(SUM.absoluteShift, SUM.valued, positiveEstimateOf),
    shiftDeviation:
      valued < 2 ? null : Math.sqrt(Math.max(0, (total(SUM.squaredShift) - valued * mean * mean) / (valued - 1))),
    championMean: valued > 0 ? total(SUM.champion) / valued : null,
    challengerMean: valued > 0 ? total(SUM.challenger) / valued : null,
    matrix: Array.from({ length: BANDS }, (_, champion) =>
      Array.from({ length: BANDS }, (_, challenger) => total(SUM.matrix + champion * BANDS + challenger)),
    ),
    changed: shareOf(
      cellsWhere((champion, challenger) => champion !== challenger),
      rowsOf,
    ),
    higher: shareOf(
      cellsWhere((champion, challenger) => challenger > champion && isKnown(challenger)),
      rowsOf,
    ),
    lower: shareOf(
      cellsWhere((champion, challenger) => challenger < champion && isKnown(champion)),
      rowsOf,
    ),
    rankCorrelation: rankCorrelation(sums.sample),
    sameFirstReason: shareOf(one(SUM.sameFirst), one(SUM.reasoned)),
    reasonOverlap: shareOf(one(SUM.overlap), one(SUM.reasoned)),
    championMicros: meanOf(SUM.championMicros, SUM.timed, positiveEstimateOf),
    challengerMicros: meanOf(SUM.challengerMicros, SUM.timed, positiveEstimateOf),
    timeRatio: timeRatio(ratio(one(SUM.challengerMicros), one(SUM.championMicros)), total(SUM.timed)),
    segments: compareSegments(sums),
  };
}

const timeRatio = (found: Jackknife | null, rows: number): RowsEstimate | null =>
  found && { ...positiveEstimateOf(found), rows };
