import type { FeatureBundle } from "../bundle/feature-bundle.ts";
import { logOdds } from "./log-odds.ts";
import { logistic } from "./logistic.ts";

const clip01 = (x: number): number => Math.min(1, Math.max(0, x));

/** Interpolates linearly between the knots; constant beyond them. */
function interpolate(x: readonly number[], y: readonly number[], at: number): number {
  let low = 0;
  let high = x.length - 1;
  if (at <= x[low]) return y[low];
  if (at >= x[high]) return y[high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] <= at) low = middle;
    else high = middle;
  }
  const [x0, x1, y0, y1] = [x[low], x[high], y[low], y[high]];
  // The minimum keeps rounding from increasing the result above the next knot.
  return Math.min(y1, y0 + ((y1 - y0) * (at - x0)) / (x1 - x0));
}

/** Returns the number that a regressor predicts, for one model output; null for a classifier. */
export function predictedNumber(
  { outputSpace, link }: Pick<FeatureBundle, "outputSpace" | "link">,
  output: number,
): number | null {
  if (outputSpace !== "raw") return null;
  return link === "exp" ? Math.exp(output) : output;
}

/**
 * Returns the calibrated probability of the risk class for one model output.
 * @param output Finite; a margin or a probability, as stated by `outputSpace`.
 * @returns In [0, 1], never decreasing as the output increases; NaN for a raw regressor, which has no probability.
 */
export function calibratedRisk(bundle: Pick<FeatureBundle, "calibration" | "outputSpace">, output: number): number {
  const { calibration, outputSpace } = bundle;
  if (calibration.kind === "platt") return logistic(calibration.slope * output + calibration.intercept);
  if (calibration.kind === "intercept")
    return logistic((outputSpace === "probability" ? logOdds(output) : output) + calibration.intercept);
  if (calibration.kind === "isotonic") return clip01(interpolate(calibration.x, calibration.y, output));
  if (outputSpace === "margin") return logistic(output);
  return outputSpace === "probability" ? clip01(output) : Number.NaN;
}
