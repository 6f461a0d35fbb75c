import type { Calibration } from "../bundle/feature-bundle.ts";
import { logistic } from "./logistic.ts";

/** The curve `logistic(slope × output + intercept)`. */
export interface Curve {
  readonly slope: number;
  readonly intercept: number;
}

/** Outputs with the target probability of each. */
export interface Points {
  readonly outputs: Float64Array;
  readonly targets: Float64Array;
}

const MAX_STEPS = 100;
/** The search ends when the gradient is smaller than this. */
const LEAST_GRADIENT = 1e-8;
/** Number that is added to the diagonal of the Hessian matrix, so that the matrix can be inverted. */
const RIDGE = 1e-12;
/** Minimum share of a Newton step that is tried. */
const LEAST_SHARE = 1e-10;

/**
 * Returns the smoothed targets of Platt scaling. They are not exactly 0 and 1, so that a perfect ranking
 * still has a finite curve.
 */
export function smoothedTargets(labels: Uint8Array): Float64Array {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const [high, low] = [(positives + 1) / (positives + 2), 1 / (labels.length - positives + 2)];
  return Float64Array.from(labels, (label) => (label === 1 ? high : low));
}

/**
 * Fits the curve of Platt scaling with smoothed targets, by Newton's method with backtracking (Lin, Lin &
 * Weng, "A note on Platt's probabilistic outputs for support vector machines", Machine Learning 68, 2007).
 * The slope may be 0 or negative.
 */
export function plattCurve(outputs: Float64Array, labels: Uint8Array): Curve {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const points = { outputs, targets: smoothedTargets(labels) };
  let curve: Curve = { slope: 0, intercept: Math.log((positives + 1) / (labels.length - positives + 1)) };
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const step = newtonStep(points, curve);
    const better = step === null ? null : backtrack(points, curve, step);
    if (better === null) break;
    curve = better;
  }
  return curve;
}

/**
 * Fits Platt scaling. @returns "none" when the curve is flat or decreasing, because it would reverse the
 * ranking.
 */
export function fitPlatt(outputs: Float64Array, labels: Uint8Array): Calibration {
  const curve = plattCurve(outputs, labels);
  return curve.slope > 0 ? { kind: "platt", ...curve } : { kind: "none" };
}

/** Returns the log loss against the targets. */
function lossOf({ outputs, targets }: Points, { slope, intercept }: Curve): number {
  let sum = 0;
  for (let i = 0; i < outputs.length; i++) {
    const z = slope * outputs[i] + intercept;
    sum += Math.max(z, 0) - z * targets[i] + Math.log1p(Math.exp(-Math.abs(z)));
  }
  return sum;
}

/**
 * Returns the Newton step: to the minimum of the quadratic approximation at `curve`. Null when the search has
 * converged.
 */
function newtonStep({ outputs, targets }: Points, { slope, intercept }: Curve): Curve | null {
  const gradient = { slope: 0, intercept: 0 };
  const hessian = { slope: RIDGE, mixed: 0, intercept: RIDGE };
  for (let i = 0; i < outputs.length; i++) {
    const x = outputs[i];
    const p = logistic(slope * x + intercept);
    const error = p - targets[i];
    const weight = p * (1 - p);
    gradient.slope += error * x;
    gradient.intercept += error;
    hessian.slope += weight * x * x;
    hessian.mixed += weight * x;
    hessian.intercept += weight;
  }
  if (Math.max(Math.abs(gradient.slope), Math.abs(gradient.intercept)) < LEAST_GRADIENT) return null;
  const determinant = hessian.slope * hessian.intercept - hessian.mixed ** 2;
  if (!(determinant > 0)) return null;
  return {
    slope: (hessian.mixed * gradient.intercept - hessian.intercept * gradient.slope) / determinant,
    intercept: (hessian.mixed * gradient.slope - hessian.slope * gradient.intercept) / determinant,
  };
}

/**
 * Returns the curve after the whole step, or after the largest half, quarter, … of it that lowers the loss;
 * null when none does.
 */
function backtrack(points: Points, from: Curve, step: Curve): Curve | null {
  const loss = lossOf(points, from);
  for (let share = 1; share > LEAST_SHARE; share /= 2) {
    const to = { slope: from.slope + share * step.slope, intercept: from.intercept + share * step.intercept };
    if (lossOf(points, to) < loss) return to;
  }
  return null;
}
