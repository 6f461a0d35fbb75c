import { normalDensity, upperTail } from "./normal.ts";

/** Below this distance from the mean, in standard deviations, the formula is 0 ÷ 0, and the tail is near one half. */
const NEAR_MEAN = 0.05;

/**
 * Returns the tail probability of Lugannani & Rice, "Saddle point approximation for the distribution of the sum of
 * independent random variables", Advances in Applied Probability 12, 1980: Q(w) + φ(w) (1/v − 1/w).
 * @param w signed root of the deviance, above 0
 * @param v the tilt times the standard deviation at the saddlepoint, above 0
 * @returns one tail, in [0, 1]
 */
export function saddlepointTail(w: number, v: number): number {
  if (!(w > NEAR_MEAN)) return 0.5;
  return Math.min(1, Math.max(0, upperTail(w) + normalDensity(w) * (1 / v - 1 / w)));
}

/**
 * Returns the tilt for a sum on a lattice of distance `step`: (1 − e^(−t·step)) ÷ step. Source: the first continuity
 * correction of Daniels, "Tail probability approximations", International Statistical Review 55, 1987.
 */
export function latticeTilt(tilt: number, step: number): number {
  return step > 0 ? -Math.expm1(-tilt * step) / step : tilt;
}
