/** Number of decimal digits that distinguish every float32 from its neighbours. */
const FLOAT32_DIGITS = 9;

/**
 * Returns the number with the fewest digits that `round` maps to a float32: 0.3, not 0.30000001192092896.
 * @param round How the model rounds a number to the float32 of its row.
 */
export function shortNumber(single: number, round: (value: number) => number): number {
  for (let digits = 1; digits <= FLOAT32_DIGITS; digits++) {
    const short = Number(single.toPrecision(digits));
    if (round(short) === single) return short;
  }
  return single;
}

/** Returns the largest multiple of `step` at or below a number, up to a rounding error of 1e-9 steps. */
export function multipleAtMost(value: number, step: number): number {
  return multiple(Math.floor(value / step + 1e-9), step);
}

/** Returns the smallest multiple of `step` at or above a number, up to a rounding error of 1e-9 steps. */
export function multipleAtLeast(value: number, step: number): number {
  return multiple(Math.ceil(value / step - 1e-9), step);
}

/** 0.1 × 3 is 0.3, not 0.30000000000000004. */
const multiple = (count: number, step: number): number => Number((count * step).toPrecision(15));
