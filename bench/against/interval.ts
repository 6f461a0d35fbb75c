/** An estimate and its 95 % interval. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Returns the median of paired cost ratios with a 95 % interval: Hodges and Lehmann's estimate over the
 * logarithms, and the interval that inverts Wilcoxon's signed-rank test by its normal approximation
 * (Hollander, Wolfe, Chicken: Nonparametric Statistical Methods, sections 3.2 and 3.3). A single pair that
 * was disturbed by other load has little effect.
 * @param ratios at least 6, all above 0
 * @throws RangeError when there are fewer, or one is not above 0
 */
export function ratioInterval(ratios: readonly number[]): Interval {
  const n = ratios.length;
  if (n < 6) throw new RangeError(`a 95 % interval needs 6 pairs, there are ${n}`);
  if (ratios.some((ratio) => !(ratio > 0 && ratio < Number.POSITIVE_INFINITY)))
    throw new RangeError("a cost ratio is not above 0");
  const logs = ratios.map(Math.log);
  const averages = Float64Array.from(logs.flatMap((a, i) => logs.slice(i).map((b) => (a + b) / 2))).sort();
  const pairs = averages.length;
  const tail = pairs / 2 - 1.96 * Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24);
  const below = Math.max(0, Math.floor(tail));
  const at = (i: number): number => Math.exp(averages[i] ?? Number.NaN);
  return {
    estimate: Math.sqrt(at(Math.floor((pairs - 1) / 2)) * at(Math.floor(pairs / 2))),
    low: at(below),
    high: at(pairs - 1 - below),
  };
}
