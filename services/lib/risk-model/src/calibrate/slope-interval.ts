import { type Curve, smoothedTargets } from "./fit-platt.ts";
import { logistic } from "./logistic.ts";

/** Normal quantile of a 95 % interval. */
const Z95 = 1.96;

/**
 * Returns the 95 % interval of the slope of a Platt curve. Rows of one supplier may be correlated, so the
 * standard errors are cluster-robust (sandwich estimator over clusters; Liang & Zeger, Biometrika 73, 1986;
 * factor G/(G−1) for G clusters).
 * @param clusters The cluster of each row, for example its supplier.
 * @returns [low, high]; [−∞, ∞] for one cluster and for outputs without spread.
 */
export function slopeInterval(
  { slope, intercept }: Curve,
  outputs: Float64Array,
  labels: Uint8Array,
  clusters: readonly string[],
): readonly [low: number, high: number] {
  const targets = smoothedTargets(labels);
  const bread = { slope: 0, mixed: 0, intercept: 0 };
  const scores = new Map<string, { slope: number; intercept: number }>();
  for (let i = 0; i < outputs.length; i++) {
    const x = outputs[i];
    const p = logistic(slope * x + intercept);
    const weight = p * (1 - p);
    bread.slope += weight * x * x;
    bread.mixed += weight * x;
    bread.intercept += weight;
    const cluster = clusters[i];
    const score = scores.get(cluster) ?? { slope: 0, intercept: 0 };
    scores.set(cluster, score);
    score.slope += (p - targets[i]) * x;
    score.intercept += p - targets[i];
  }
  const determinant = bread.slope * bread.intercept - bread.mixed ** 2;
  const unknown = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
  if (scores.size < 2 || !(determinant > 1e-9 * bread.slope * bread.intercept)) return unknown;
  // variance of the slope: the first row of the inverse Hessian on both sides of the sum over the clusters'
  // score vectors
  let variance = 0;
  for (const score of scores.values())
    variance += ((bread.intercept * score.slope - bread.mixed * score.intercept) / determinant) ** 2;
  const error = Math.sqrt((variance * scores.size) / (scores.size - 1));
  return Number.isFinite(error) ? [slope - Z95 * error, slope + Z95 * error] : unknown;
}
