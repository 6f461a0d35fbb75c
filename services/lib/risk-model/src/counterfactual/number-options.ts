import type { ColumnThresholds } from "./column-thresholds.ts";
import type { ResolvedLimit } from "./resolve-limits.ts";
import { multipleAtLeast, multipleAtMost } from "./short-number.ts";

/**
 * The values to which a numeric feature can change. Between two neighbouring thresholds of the trees, all values
 * have the same score, so only the one nearest to the present value is an option.
 */
export interface NumberOptions {
  /** Values as a person sends them, ascending; the present value is one of them. */
  readonly numbers: readonly number[];
  /** The float32 of each value, as the row of features has it. */
  readonly singles: Float32Array;
  /** The cost of the change to each value; 0 for the present value. */
  readonly costs: Float64Array;
  /** Index of the present value in `numbers`. */
  readonly current: number;
}

/** A numeric feature of one supplier. */
export interface PresentNumber {
  /** The present value, as the caller sent it. */
  readonly value: number;
  /** The float32 of the present value, as the row of features has it. */
  readonly single: number;
  /** Lowest and highest float32 that the model accepts. */
  readonly low: number;
  readonly high: number;
  readonly round: (value: number) => number;
  /** A change by this much costs `limit.cost`; above 0. */
  readonly scale: number;
}

/** Returns the values to which a numeric feature can change within its limits, and the present value. */
export function numberOptions(
  { thresholds, atThreshold, aboveThreshold }: ColumnThresholds,
  present: PresentNumber,
  limit: ResolvedLimit,
): NumberOptions {
  const { value, single, low, high, round, scale } = present;
  const count = thresholds.length;
  // The present value is in interval `own`: above threshold own − 1, at or below threshold own.
  let own = thresholds.findIndex((threshold) => single <= threshold);
  if (own < 0) own = count;
  const lowerEnd = (interval: number): number => (interval === 0 ? Number.NEGATIVE_INFINITY : thresholds[interval - 1]);
  const upperEnd = (interval: number): number => (interval === count ? Number.POSITIVE_INFINITY : thresholds[interval]);
  const isIn = (number: number, interval: number): boolean => {
    const rounded = round(number);
    return rounded > lowerEnd(interval) && rounded <= upperEnd(interval) && rounded >= low && rounded <= high;
  };
  const isAllowed = (number: number): boolean => number >= limit.min && number <= limit.max;
  const highestIn = (interval: number): number | undefined => {
    const edge = Math.min(atThreshold(interval), limit.max);
    if (limit.step === null) return edge;
    const multiple = multipleAtMost(edge, limit.step);
    return isIn(multiple, interval) ? multiple : multipleAtMost(edge - limit.step / 2, limit.step);
  };
  const lowestIn = (interval: number): number | undefined => {
    const edge = Math.max(aboveThreshold(interval - 1), limit.min);
    if (limit.step === null) return edge;
    const multiple = multipleAtLeast(edge, limit.step);
    return isIn(multiple, interval) ? multiple : multipleAtLeast(edge + limit.step / 2, limit.step);
  };
  const numbers: number[] = [];
  const collect = (number: number | undefined, interval: number): void => {
    if (number !== undefined && Number.isFinite(number) && isAllowed(number) && isIn(number, interval))
      numbers.push(number);
  };
  if (limit.direction !== "increase")
    for (let interval = 0; interval < own; interval++) collect(highestIn(interval), interval);
  const current = numbers.length;
  numbers.push(value);
  if (limit.direction !== "decrease")
    for (let interval = own + 1; interval <= count; interval++) collect(lowestIn(interval), interval);
  return {
    numbers,
    singles: Float32Array.from(numbers, (number, i) => (i === current ? single : round(number))),
    costs: Float64Array.from(numbers, (number, i) =>
      i === current ? 0 : (limit.cost * Math.abs(number - value)) / scale,
    ),
    current,
  };
}
