/** Gauss-Legendre quadrature on [0, 1]: exact for polynomials of degree 2n − 1. */
export interface Quadrature {
  /** Points t, ascending, `[n]`. */
  readonly points: Float64Array;
  /** Weights, adding up to 1, `[n]`. */
  readonly weights: Float64Array;
}

/** The n-point rule; roots of the Legendre polynomial by Newton's method. */
export function gaussLegendre(n: number): Quadrature {
  const points = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = -Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    // Newton doubles the digits of this starting point each time: 8 rounds are twice what float64 needs.
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

/** Largest error that a leaf's integral may have where the rule is not exact, as a part of the leaf's value. */
const TOLERANCE = 1e-6;
const EXACT_POINTS = 8;

/**
 * Points that a tree needs whose paths name at most `distinct` different features.
 * A path's integrand has degree `distinct − 1`, so `⌈distinct / 2⌉` points are exact. Beyond eight points the
 * smallest rule is taken that integrates every `tᵃ(1−t)ᵇ` of that degree to float32's accuracy: the integrand is a
 * positive combination of those.
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
