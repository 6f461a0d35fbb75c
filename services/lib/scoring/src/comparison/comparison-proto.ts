import {
  type ComparisonEstimateSchema,
  type ComparisonStatisticsSchema,
  type ComparisonSumsSchema,
  SegmentMeasure,
  type ComparisonSums as SumsMessage,
} from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { SegmentDifference } from "./compare-segments.ts";
import type { ComparisonStatistics, RowsEstimate } from "./comparison-statistics.ts";
import { type ComparisonSums, SEGMENT_GROUPS, SEGMENT_SUMS, SHIFT_BINS, SUMS } from "./comparison-sums.ts";
import type { RankCorrelation } from "./rank-correlation.ts";
import { GROUPS } from "./supplier-hash.ts";

const MEASURES = {
  shift: SegmentMeasure.SHIFT,
  changed: SegmentMeasure.BANDS_CHANGED,
} satisfies Record<SegmentDifference["measure"], SegmentMeasure>;

/** Converts statistics to their message. */
export function statisticsToProto(
  statistics: ComparisonStatistics,
): MessageInitShape<typeof ComparisonStatisticsSchema> {
  const { rankCorrelation, segments, firstMs, lastMs, shiftDeviation, championMean, challengerMean } = statistics;
  const parts = {
    shift: statistics.shift,
    absoluteShift: statistics.absoluteShift,
    bandsChanged: statistics.changed,
    bandsHigher: statistics.higher,
    bandsLower: statistics.lower,
    rankCorrelation: rankCorrelation && rankEstimate(rankCorrelation),
    sameFirstReason: statistics.sameFirstReason,
    reasonOverlap: statistics.reasonOverlap,
    championMicros: statistics.championMicros,
    challengerMicros: statistics.challengerMicros,
    timeRatio: statistics.timeRatio,
  };
  const estimates = Object.entries(parts).flatMap(([name, part]) =>
    part === null ? [] : [[name, estimateToProto(part)] as const],
  );
  return {
    rows: BigInt(statistics.rows),
    suppliers: BigInt(statistics.suppliers),
    suppliersEstimated: !statistics.areSuppliersExact,
    ...(firstMs !== null && { firstRowAt: timestampFromMs(firstMs) }),
    ...(lastMs !== null && { lastRowAt: timestampFromMs(lastMs) }),
    ...(shiftDeviation !== null && { shiftDeviation }),
    ...(championMean !== null && { championMean }),
    ...(challengerMean !== null && { challengerMean }),
    bandMatrix: statistics.matrix.flat().map(BigInt),
    ...Object.fromEntries(estimates),
    testedSegments: segments.tested,
    segments: segments.found.map(({ segment, measure, rows, inside, outside, low, high, p }) => ({
      ...{ segment, inside, outside, low, high, pValue: p, rows: BigInt(rows), measure: MEASURES[measure] },
    })),
  };
}

const rankEstimate = ({ suppliers, ...estimate }: RankCorrelation): RowsEstimate => ({ ...estimate, rows: suppliers });

const estimateToProto = ({
  value,
  low,
  high,
  rows,
}: RowsEstimate): MessageInitShape<typeof ComparisonEstimateSchema> => ({
  ...{ value, rows: BigInt(rows) },
  ...(low !== null && { low }),
  ...(high !== null && { high }),
});

/** Converts sums to their message. */
export function sumsToProto(sums: ComparisonSums): MessageInitShape<typeof ComparisonSumsSchema> {
  const { span, suppliers } = sums;
  return {
    groups: [...sums.groups],
    segments: [...sums.segments],
    segmentSums: [...sums.segmentSums],
    shiftBins: [...sums.shiftBins],
    sample: sums.sample.map(({ rank, ...row }) => ({ ...row, rank: BigInt(rank) })),
    suppliers: BigInt(suppliers.suppliers),
    suppliersEstimated: !suppliers.isExact,
    ...(span !== null && { firstRowMs: span.firstMs, lastRowMs: span.lastMs }),
  };
}

/** Reads sums from their message. @throws RangeError when their sizes are not those of this release */
export function sumsFromProto(message: SumsMessage): ComparisonSums {
  const { groups, segments, segmentSums, shiftBins, sample, firstRowMs, lastRowMs } = message;
  const sizes = [groups.length, segmentSums.length, shiftBins.length].join(", ");
  const expected = [GROUPS * SUMS, segments.length * SEGMENT_GROUPS * SEGMENT_SUMS, SHIFT_BINS].join(", ");
  if (sizes !== expected)
    throw new RangeError(`sums of the sizes ${sizes}, expected ${expected}: ml-service is of another release`);
  return {
    groups: Float64Array.from(groups),
    segments,
    segmentSums: Float64Array.from(segmentSums),
    shiftBins: Float64Array.from(shiftBins),
    sample: sample.map(({ rank, atMs, champion, challenger }) => ({ rank: Number(rank), atMs, champion, challenger })),
    suppliers: { suppliers: Number(message.suppliers), isExact: !message.suppliersEstimated },
    span: firstRowMs === undefined || lastRowMs === undefined ? null : { firstMs: firstRowMs, lastMs: lastRowMs },
  };
}
