import { latticeTilt, saddlepointTail } from "./saddlepoint-tail.ts";

/** Sums within this many standard deviations cannot be significant after a correction; the normal tail is enough. */
const SURELY_NORMAL = 2;
const MAX_STEPS = 60;

/**
 * Tests whether differences within pairs are symmetric about 0: their signs are as likely + as −. The p-value is that
 * of the sign-flip (Fisher–Pitman) randomization test of the sum, by the saddlepoint approximation of Robinson,
 * "Saddlepoint approximations for permutation tests and confidence intervals", Journal of the Royal Statistical
 * Society B 44, 1982. With differences of −1, 0 and 1 it is the exact test of McNemar.
 * @param differences one per pair; pairs without a difference do not count
 * @returns two-sided p-value, in (0, 1]
 */
export function signFlipTest(differences: Float64Array): number {
  const used = new Float64Array(differences.length);
  let [count, sum, total, squares] = [0, 0, 0, 0];
  for (let i = 0; i < differences.length; i++) {
    const size = Math.abs(differences[i]);
    if (!(size > 0)) continue;
    used[count++] = size;
    sum += differences[i];
    total += size;
    squares += size * size;
  }
  const sizes = used.subarray(0, count);
  if (count === 0) return 1;
  const observed = Math.abs(sum);
  // All differences have one sign: of 2^n sign patterns, this one is the most extreme.
  if (observed >= total * (1 - 1e-12)) return Math.max(2 ** (1 - sizes.length), Number.MIN_VALUE);
  const deviations = observed / Math.sqrt(squares);
  if (deviations < SURELY_NORMAL) return Math.min(1, 2 * saddlepointTail(deviations, deviations));
  const saddle = solveTilt(sizes, observed, squares);
  const w = Math.sqrt(2 * Math.max(0, saddle.tilt * observed - saddle.cumulant));
  // A flip changes the sum by twice a difference.
  const v = latticeTilt(saddle.tilt, 2 * commonSize(sizes, squares)) * Math.sqrt(saddle.variance);
  return Math.min(1, Math.max(2 * saddlepointTail(w, v), Number.MIN_VALUE));
}

/** Returns the size that makes up at least half of the squares; the sum is then nearly on a lattice. 0: there is none. */
function commonSize(sizes: Float64Array, squares: number): number {
  const shares = new Map<number, number>();
  for (const size of sizes) shares.set(size, (shares.get(size) ?? 0) + size * size);
  for (const [size, share] of shares) if (share >= squares / 2) return size;
  return 0;
}

/**
 * Finds t with Σ d tanh(t d) = observed. The left side is concave for t > 0, so that the steps of Newton from a
 * smaller t never pass the solution.
 */
function solveTilt(sizes: Float64Array, observed: number, squares: number) {
  let tilt = observed / squares;
  let cumulant = 0;
  let variance = squares;
  for (let step = 0; step < MAX_STEPS; step++) {
    let mean = 0;
    [cumulant, variance] = [0, 0];
    for (const size of sizes) {
      // log cosh(x) and tanh(x) from one exponential that cannot overflow.
      const x = tilt * size;
      const e = Math.exp(-2 * x);
      const slope = (1 - e) / (1 + e);
      mean += size * slope;
      variance += size * size * (1 - slope * slope);
      cumulant += x + Math.log1p(e) - Math.LN2;
    }
    const move = (observed - mean) / variance;
    if (!(Math.abs(move) > 1e-9 * tilt)) break;
    tilt += move;
  }
  return { tilt, cumulant, variance };
}
