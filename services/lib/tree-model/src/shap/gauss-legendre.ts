/** A rule of Gauss-Legendre quadrature on [0, 1]: exact for polynomials up to degree 2n − 1. */
export interface Quadrature {
  /** Points t, ascending, `[n]`. */
  readonly points: Float64Array;
  /** Weights, `[n]`. Their sum is 1. */
  readonly weights: Float64Array;
}

/** Computes the n-point rule. The roots of the Legendre polynomial are found by Newton's method. */
export function gaussLegendre(n: number): Quadrature {
  const points = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = -Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    // Each round of Newton's method doubles the correct digits of this starting point. 8 rounds are twice the
    // number that float64 needs.
    for (let round = 0; round < 8; round++) {
      let [before, value] = [1, x];
      for (let k = 2; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      slope = (n * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    points[i] = (1 + x) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { points, weights };
}

/** Maximum error of a leaf's integral where the rule is not exact, relative to the leaf's value. */
const TOLERANCE = 1e-6;
const EXACT_POINTS = 8;

/**
 * Returns the number of points for a tree whose paths name at most `distinct` different features. The
 * integrand of a path has degree `distinct − 1`, so `⌈distinct / 2⌉` points are exact. Beyond eight points,
 * the result is the smallest rule that integrates every `tᵃ(1−t)ᵇ` of that degree to the accuracy of float32.
 * This is enough because the integrand is a positive combination of these terms.
 */
export function pointsFor(distinct: number): number {
  const exact = Math.max(1, Math.ceil(distinct / 2));
  for (let n = EXACT_POINTS; n < exact; n++) if (largestError(n, distinct - 1) <= TOLERANCE) return n;
  return exact;
}

function largestError(n: number, degree: number): number {
  const { points, weights } = gaussLegendre(n);
  let largest = 0;
  // ∫ tᵃ(1−t)ᵇ = a! b! / (a + b + 1)!, from a = 0 upwards.
  let integral = 1 / (degree + 1);
  for (let a = 0; a <= degree; a++) {
    const sum = points.reduce((s, t, i) => s + weights[i] * t ** a * (1 - t) ** (degree - a), 0);
    largest = Math.max(largest, Math.abs(sum - integral));
    integral *= (a + 1) / (degree - a);
  }
  return largest;
}
