/** From this argument on, four terms of the series of Stirling have an error below 1e-13. */
const SERIES_FROM = 15;

/** Returns ln(x!) for x > -1, also between integers. Source: Abramowitz & Stegun, 6.1.41 (series of Stirling). */
export function logFactorial(x: number): number {
  let [z, product] = [x + 1, 1];
  for (; z < SERIES_FROM; z++) product *= z;
  const r = 1 / (z * z);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}

/** Returns the logarithm of the binomial coefficient "n choose k", 0 ≤ k ≤ n, also between integers. */
export function logBinomial(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}
