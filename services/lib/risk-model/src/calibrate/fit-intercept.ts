import type { Calibration, FeatureBundle } from "../bundle/feature-bundle.ts";
import { logOdds } from "./log-odds.ts";
import { logistic } from "./logistic.ts";

const STEPS = 60;
/**
 * Maximum constant that the search tries: larger than any difference between a model's average and a rate of
 * real rows.
 */
const WIDEST = 40;

/**
 * Fits the constant that is added to all log-odds so that the mean probability equals the share of positives,
 * by bisection.
 * @returns "none" for rows of one class, for a raw output and without rows.
 */
export function fitIntercept(
  outputs: Float64Array,
  labels: Uint8Array,
  outputSpace: FeatureBundle["outputSpace"],
): Calibration {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (outputSpace === "raw" || positives === 0 || positives === labels.length) return { kind: "none" };
  const margins = outputSpace === "probability" ? outputs.map(logOdds) : outputs;
  let [low, high] = [-WIDEST, WIDEST];
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    const mean = margins.reduce((sum, margin) => sum + logistic(margin + middle), 0);
    if (mean < positives) low = middle;
    else high = middle;
  }
  return { kind: "intercept", intercept: (low + high) / 2 };
}
