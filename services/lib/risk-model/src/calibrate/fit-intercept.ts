import type { Calibration, FeatureBundle } from "../bundle/feature-bundle.ts";
import { logOdds } from "./log-odds.ts";
import { logistic } from "./logistic.ts";

const STEPS = 60;
/** Wider than any shift between a model's average and a rate that rows can show. */
const WIDEST = 40;

/**
 * The constant that moves all log-odds so that the mean probability is the share of positives, found by bisection.
 * @returns "none" when the rows have one class, for a raw output, or without rows.
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
