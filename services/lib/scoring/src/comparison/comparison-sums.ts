import { type ComparedRow, MATRIX_BANDS, matrixPosition } from "./compared-row.ts";
import { GROUPS, groupOf } from "./supplier-hash.ts";
import { createSupplierSample, type SampledSupplier, type SupplierCount, sampledSupplier } from "./supplier-sample.ts";

/** Positions of the sums of one group of suppliers. */
export const SUM = {
  /** Rows with a value of both versions, and sums over them. */
  valued: 0,
  champion: 1,
  challenger: 2,
  shift: 3,
  absoluteShift: 4,
  squaredShift: 5,
  /** Rows with reasons of both versions, and sums over them. */
  reasoned: 6,
  sameFirst: 7,
  overlap: 8,
  /** Rows whose CPU time was measured, and sums over them. */
  timed: 9,
  championMicros: 10,
  challengerMicros: 11,
  /** Rows by band of the champion, then by band of the challenger. */
  matrix: 12,
} as const;
const BANDS = MATRIX_BANDS.length;
/** Number of sums of one group. */
export const SUMS = SUM.matrix + BANDS * BANDS;

/** Positions of the sums of one segment in one group. */
export const SEGMENT_SUM = { rows: 0, changed: 1, valued: 2, shift: 3 } as const;
export const SEGMENT_SUMS = 4;
/** Groups of suppliers of a segment: several groups of the whole are one of a segment. */
export const SEGMENT_GROUPS = 32;
/** Maximum number of segments. */
export const MAX_SEGMENTS = 64;

/** Bins of the difference of two scores in [-1, 1]. */
export const SHIFT_BINS = 40;

/** Everything that is kept of the compared rows of one pair of versions: its size does not depend on the number of rows. */
export interface ComparisonSums {
  /** `[GROUPS × SUMS]`, row-major. */
  readonly groups: Float64Array;
  /** Names of the segments, "feature=value". */
  readonly segments: readonly string[];
  /** `[segments × SEGMENT_GROUPS × SEGMENT_SUMS]`, row-major. */
  readonly segmentSums: Float64Array;
  /** Rows by difference of the scores, from -1 to 1 in SHIFT_BINS equal bins; differences outside are in the first or last one. */
  readonly shiftBins: Float64Array;
  /** Times of the first and the last row, epoch milliseconds. Null: no row was compared. */
  readonly span: { readonly firstMs: number; readonly lastMs: number } | null;
  readonly sample: readonly SampledSupplier[];
  readonly suppliers: SupplierCount;
}

/** Adds up compared rows. */
export interface ComparisonSummary {
  add(row: ComparedRow): void;
  sums(): ComparisonSums;
}

/**
 * Creates an empty summary.
 * @param segments Names of the segments; only the first MAX_SEGMENTS are used.
 */
export function createSummary(segments: readonly string[]): ComparisonSummary {
  const used = segments.slice(0, MAX_SEGMENTS);
  const places = new Map(used.map((name, at) => [name, at]));
  const groups = new Float64Array(GROUPS * SUMS);
  const segmentSums = new Float64Array(used.length * SEGMENT_GROUPS * SEGMENT_SUMS);
  const shiftBins = new Float64Array(SHIFT_BINS);
  const sample = createSupplierSample();
  let span: ComparisonSums["span"] = null;
  const plus = (sums: Float64Array, at: number, amount: number): void => {
    sums[at] = (sums[at] as number) + amount;
  };
  return {
    add(row) {
      const { champion, challenger, times, atMs } = row;
      const group = groupOf(row.supplierId);
      const base = group * SUMS;
      const shift =
        champion.value === null || challenger.value === null ? null : finite(challenger.value - champion.value);
      if (shift !== null) {
        plus(groups, base + SUM.valued, 1);
        plus(groups, base + SUM.champion, champion.value ?? 0);
        plus(groups, base + SUM.challenger, challenger.value ?? 0);
        plus(groups, base + SUM.shift, shift);
        plus(groups, base + SUM.absoluteShift, Math.abs(shift));
        plus(groups, base + SUM.squaredShift, shift * shift);
        plus(shiftBins, binOf(shift), 1);
      }
      const cell = matrixPosition(champion.band) * BANDS + matrixPosition(challenger.band);
      plus(groups, base + SUM.matrix + cell, 1);
      if (champion.reasons !== null && challenger.reasons !== null) {
        plus(groups, base + SUM.reasoned, 1);
        plus(groups, base + SUM.sameFirst, champion.reasons[0] === challenger.reasons[0] ? 1 : 0);
        plus(groups, base + SUM.overlap, overlapOf(champion.reasons, challenger.reasons));
      }
      if (times !== null) {
        plus(groups, base + SUM.timed, 1);
        plus(groups, base + SUM.championMicros, times.championMicros);
        plus(groups, base + SUM.challengerMicros, times.challengerMicros);
      }
      for (const name of row.segments) {
        const place = places.get(name);
        if (place === undefined) continue;
        const start = (place * SEGMENT_GROUPS + (group % SEGMENT_GROUPS)) * SEGMENT_SUMS;
        plus(segmentSums, start + SEGMENT_SUM.rows, 1);
        plus(segmentSums, start + SEGMENT_SUM.changed, champion.band === challenger.band ? 0 : 1);
        if (shift === null) continue;
        plus(segmentSums, start + SEGMENT_SUM.valued, 1);
        plus(segmentSums, start + SEGMENT_SUM.shift, shift);
      }
      sample.put(
        sampledSupplier(
          row.supplierId,
          atMs,
          shift === null ? null : champion.value,
          shift === null ? null : challenger.value,
        ),
      );
      span = { firstMs: Math.min(span?.firstMs ?? atMs, atMs), lastMs: Math.max(span?.lastMs ?? atMs, atMs) };
    },
    sums: () => ({
      groups: groups.slice(),
      segments: used,
      segmentSums: segmentSums.slice(),
      shiftBins: shiftBins.slice(),
      span,
      sample: sample.suppliers(),
      suppliers: sample.count(),
    }),
  };
}

/** Returns a finite number; null for NaN and the infinities. */
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

const binOf = (shift: number): number =>
  Math.min(SHIFT_BINS - 1, Math.max(0, Math.floor(((shift + 1) / 2) * SHIFT_BINS)));

/** Returns the share of the features that both lists have, of the longer list; 1 when both are empty. */
function overlapOf(one: readonly string[], other: readonly string[]): number {
  const longest = Math.max(one.length, other.length);
  return longest === 0 ? 1 : one.filter((name) => other.includes(name)).length / longest;
}
