import type { ColumnProfile, NumberFigures } from "./column-profile.ts";

/** How many times a typical value of a column is that of an earlier week. */
export interface UnitRatio {
  /** Above 0. */
  readonly ratio: number;
  readonly now: number;
  readonly before: number;
  /** The quantile that was compared, for texts. */
  readonly of: string;
}

/** NumberFigures in the order in which they are tried: with many zeros the median says nothing about the unit. */
const TRIED = [
  ["median", "median"],
  ["p75", "75 % quantile"],
  ["p95", "95 % quantile"],
] as const satisfies readonly (readonly [keyof NumberFigures, string])[];

/**
 * Compares the medians of a column with those of an earlier week; where a median is 0, the 75 % or 95 % numbers.
 * Null when they cannot be compared: no numbers, zeros only, or different signs. A difference that is within the
 * spread of the smaller values (a column of values around 0) counts as none: its ratio is 1.
 */
export function unitRatio(now: ColumnProfile, before: ColumnProfile): UnitRatio | null {
  if (now.numbers === null || before.numbers === null) return null;
  for (const [name, of] of TRIED) {
    const [a, b] = [now.numbers[name], before.numbers[name]];
    if (a === 0 || b === 0) continue;
    if (a > 0 !== b > 0) return null;
    const smaller = Math.abs(a) < Math.abs(b) ? now.numbers : before.numbers;
    const isWithinSpread = Math.abs(a - b) <= smaller.p75 - smaller.p25;
    return { ratio: isWithinSpread ? 1 : a / b, now: a, before: b, of };
  }
  return null;
}

/** The quantiles that a wrong unit in a quarter of the rows or more changes, although the median stays. */
const OF_A_PART = [
  ["p75", "75 % quantile"],
  ["p25", "25 % quantile"],
] as const satisfies readonly (readonly [keyof NumberFigures, string])[];

/**
 * Compares the 75 % and 25 % quantiles of a column with those of an earlier week, for rows of which a part has another unit.
 * Null when both are within the limit, or within the spread of the earlier week, or cannot be compared.
 * @param limit factor above 1
 */
export function partRatio(now: ColumnProfile, before: ColumnProfile, limit: number): UnitRatio | null {
  if (now.numbers === null || before.numbers === null) return null;
  const spread = before.numbers.p75 - before.numbers.p25;
  for (const [name, of] of OF_A_PART) {
    const [a, b] = [now.numbers[name], before.numbers[name]];
    if (a === 0 || b === 0 || a > 0 !== b > 0 || Math.abs(a - b) <= spread) continue;
    const ratio = a / b;
    if (ratio > limit || ratio < 1 / limit) return { ratio, now: a, before: b, of };
  }
  return null;
}
