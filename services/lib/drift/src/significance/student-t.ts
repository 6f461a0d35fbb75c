import { betaQuantile, incompleteBeta } from "./incomplete-beta.ts";

/** Returns P(|T| ≥ |t|) of Student's t distribution. @param df degrees of freedom, above 0 */
export function tTwoSided(t: number, df: number): number {
  if (Number.isNaN(t)) return 1;
  return incompleteBeta(df / (df + t * t), df / 2, 0.5);
}

/**
 * Returns the t with P(|T| ≤ t) = `level` of Student's t distribution.
 * @param level in (0, 1), for example 0.95
 * @param df degrees of freedom, above 0
 */
export function tQuantile(level: number, df: number): number {
  // I_x(1/2, df/2) = level at x = t² / (df + t²); this side keeps its digits for large df.
  const x = betaQuantile(level, 0.5, df / 2);
  return Math.sqrt((df * x) / (1 - x));
}
