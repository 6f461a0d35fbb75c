import type { Interval } from "./share-interval.ts";

/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;

/**
 * Returns the 95 % interval of a share of independent rows: that of Wilson. Source: E. B. Wilson, "Probable inference, the law of
 * succession, and statistical inference", JASA 22, 1927.
 * @param rows at least 1
 */
export function wilsonInterval(positive: number, rows: number): Interval {
  const share = positive / rows;
  const scale = 1 + Z ** 2 / rows;
  const center = (share + Z ** 2 / (2 * rows)) / scale;
  const half = (Z * Math.sqrt((share * (1 - share)) / rows + Z ** 2 / (4 * rows ** 2))) / scale;
  // The ends at 0 and 1 are exact; computed, they can be outside by rounding.
  return { low: positive === 0 ? 0 : center - half, high: positive === rows ? 1 : center + half };
}
