import { estimateOf, type Jackknife, jackknife, pValueOf } from "@bellwether/drift/significance/group-jackknife";
import { holmAdjusted } from "@bellwether/drift/significance/holm";
import { MATRIX_BANDS } from "./compared-row.ts";
import { type ComparisonSums, SEGMENT_GROUPS, SEGMENT_SUM, SEGMENT_SUMS, SUM, SUMS } from "./comparison-sums.ts";

/**
 * A segment in which the difference between the versions is significantly different from the difference in all other
 * rows.
 */
export interface SegmentDifference {
  /** "feature=value". */
  readonly segment: string;
  /** What differs: the mean shift of the score, or the share of rows with another band. */
  readonly measure: "shift" | "changed";
  /** Rows of the segment with this measure. */
  readonly rows: number;
  /** The measure in the segment and in all other rows. */
  readonly inside: number;
  readonly outside: number;
  /** 95 % interval of inside - outside, of this segment alone. */
  readonly low: number;
  readonly high: number;
  /** p-value after Holm's correction for all tested segments and measures, below 0.05. */
  readonly p: number;
}

/** Largest p-value, after the correction, of a segment that is reported. */
const LEVEL = 0.05;
/** Fewest rows, inside and outside, and fewest groups of suppliers of a tested segment. */
const MIN_ROWS = 30;
const MIN_GROUPS = 8;

const MEASURES = {
  shift: { over: SEGMENT_SUM.shift, under: SEGMENT_SUM.valued },
  changed: { over: SEGMENT_SUM.changed, under: SEGMENT_SUM.rows },
} as const satisfies Record<SegmentDifference["measure"], { readonly over: number; readonly under: number }>;

interface Tested extends Omit<SegmentDifference, "p" | "low" | "high"> {
  readonly difference: Jackknife;
}

/**
 * Compares each segment with all other rows: difference of the means, by the delete-a-group jackknife. Reports only segments whose
 * p-value, corrected for the number of tests (Holm 1979), is below 0.05: without a difference, a segment is reported by mistake in at
 * most 5 % of the comparisons.
 */
export function compareSegments(sums: ComparisonSums): {
  readonly tested: number;
  readonly found: readonly SegmentDifference[];
} {
  const all = wholeSums(sums);
  const tests = sums.segments.flatMap((segment, place) =>
    (["shift", "changed"] as const).flatMap((measure) => testSegment(sums, all, segment, place, measure) ?? []),
  );
  const adjusted = holmAdjusted(tests.map(({ difference }) => pValueOf(difference)));
  const found = tests.flatMap(({ difference, ...rest }, at) => {
    const p = adjusted[at] ?? 1;
    const { value, low, high } = estimateOf(difference);
    return p < LEVEL ? [{ ...rest, low: low ?? value, high: high ?? value, p }] : [];
  });
  return { tested: new Set(tests.map(({ segment }) => segment)).size, found };
}

function testSegment(
  { segmentSums }: ComparisonSums,
  all: Float64Array,
  segment: string,
  place: number,
  measure: SegmentDifference["measure"],
): Tested | null {
  const { over, under } = MEASURES[measure];
  const own = segmentSums.subarray(place * SEGMENT_GROUPS * SEGMENT_SUMS, (place + 1) * SEGMENT_GROUPS * SEGMENT_SUMS);
  const at = (sums: Float64Array, group: number, sum: number): number => sums[group * SEGMENT_SUMS + sum] as number;
  const total = (sums: Float64Array, sum: number): number => {
    let result = 0;
    for (let group = 0; group < SEGMENT_GROUPS; group++) result += at(sums, group, sum);
    return result;
  };
  const [ownOver, ownUnder] = [total(own, over), total(own, under)];
  const [allOver, allUnder] = [total(all, over), total(all, under)];
  const groups = Array.from({ length: SEGMENT_GROUPS }, (_, group) => group);
  const present = groups.filter((group) => at(own, group, under) > 0).length;
  if (ownUnder < MIN_ROWS || allUnder - ownUnder < MIN_ROWS || present < MIN_GROUPS) return null;
  const difference = jackknife(
    SEGMENT_GROUPS,
    (group) => at(all, group, under) > 0,
    (without) => {
      const left = (sums: Float64Array, sum: number): number => (without < 0 ? 0 : at(sums, without, sum));
      const [a, n] = [ownOver - left(own, over), ownUnder - left(own, under)];
      const [b, m] = [allOver - left(all, over) - a, allUnder - left(all, under) - n];
      return n > 0 && m > 0 ? a / n - b / m : Number.NaN;
    },
  );
  if (difference === null) return null;
  // Most of the variance is that of the segment, which has fewer groups than the whole.
  const df = Math.min(difference.df, present - 1);
  // With few changed rows inside, the jackknife is too small: at least the variance of independent rows with the share of all rows.
  const share = measure === "changed" ? allOver / allUnder : 0;
  const least = share * (1 - share) * (1 / ownUnder + 1 / (allUnder - ownUnder));
  const variance = difference.variance === null ? null : Math.max(difference.variance, least);
  return {
    ...{ segment, measure, rows: ownUnder, difference: { ...difference, variance, df } },
    inside: ownOver / ownUnder,
    outside: (allOver - ownOver) / (allUnder - ownUnder),
  };
}

/** Returns the sums of all rows in the groups and positions of a segment. */
function wholeSums({ groups }: ComparisonSums): Float64Array {
  const sums = new Float64Array(SEGMENT_GROUPS * SEGMENT_SUMS);
  const bands = MATRIX_BANDS.length;
  for (let group = 0; group * SUMS < groups.length; group++) {
    const base = (group % SEGMENT_GROUPS) * SEGMENT_SUMS;
    const plus = (sum: number, amount: number): void => {
      sums[base + sum] = (sums[base + sum] as number) + amount;
    };
    const of = (sum: number): number => groups[group * SUMS + sum] as number;
    plus(SEGMENT_SUM.valued, of(SUM.valued));
    plus(SEGMENT_SUM.shift, of(SUM.shift));
    for (let cell = 0; cell < bands * bands; cell++) {
      plus(SEGMENT_SUM.rows, of(SUM.matrix + cell));
      if (Math.floor(cell / bands) !== cell % bands) plus(SEGMENT_SUM.changed, of(SUM.matrix + cell));
    }
  }
  return sums;
}
