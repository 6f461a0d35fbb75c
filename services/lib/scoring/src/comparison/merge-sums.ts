import { type ComparisonSums, SEGMENT_GROUPS, SEGMENT_SUMS } from "./comparison-sums.ts";
import { createSupplierSample, SAMPLE_SUPPLIERS } from "./supplier-sample.ts";

/**
 * Merges the sums of several replicas over the same pair of versions: the result is that of one replica with all rows, except that the
 * sums of floating-point numbers are added in another order.
 * @param parts at least one
 * @throws RangeError when the sizes of the parts differ, which are then of another release
 */
export function mergeSums(parts: readonly ComparisonSums[]): ComparisonSums {
  const [first] = parts;
  if (first === undefined) throw new RangeError("there are no sums to merge");
  const segments = [...new Set(parts.flatMap((part) => part.segments))];
  const width = SEGMENT_GROUPS * SEGMENT_SUMS;
  const segmentSums = new Float64Array(segments.length * width);
  for (const part of parts)
    for (const [at, name] of part.segments.entries())
      addTo(
        segmentSums.subarray(segments.indexOf(name) * width, (segments.indexOf(name) + 1) * width),
        part.segmentSums.subarray(at * width, (at + 1) * width),
      );
  const sample = createSupplierSample();
  for (const part of parts) for (const row of part.sample) sample.put(row);
  const spans = parts.flatMap(({ span }) => (span === null ? [] : [span]));
  // A part with an estimated number has a full sample, and so has the result. Where several full samples meet, the suppliers above the
  // smallest limit are unknown, and the estimate is from the merged sample.
  const full = parts.every(({ suppliers }) => suppliers.isExact);
  const merged = sample.suppliers();
  const counted = sample.count();
  const last = merged.at(-1);
  return {
    groups: sumOf(parts.map(({ groups }) => groups)),
    segments,
    segmentSums,
    shiftBins: sumOf(parts.map(({ shiftBins }) => shiftBins)),
    span:
      spans.length === 0
        ? null
        : {
            firstMs: Math.min(...spans.map(({ firstMs }) => firstMs)),
            lastMs: Math.max(...spans.map(({ lastMs }) => lastMs)),
          },
    sample: merged,
    suppliers:
      full || last === undefined || merged.length < SAMPLE_SUPPLIERS
        ? counted
        : { suppliers: Math.round(((merged.length - 1) * 2 ** 53) / last.rank), isExact: false },
  };
}

function sumOf(parts: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(parts[0]?.length ?? 0);
  for (const part of parts) addTo(sum, part);
  return sum;
}

function addTo(sum: Float64Array, part: Float64Array): void {
  if (part.length !== sum.length)
    throw new RangeError(`sums of ${part.length} and ${sum.length} numbers: they are of different releases`);
  for (const [at, value] of part.entries()) sum[at] = (sum[at] as number) + value;
}
