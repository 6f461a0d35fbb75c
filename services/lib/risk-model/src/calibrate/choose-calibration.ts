import type { Calibration, FeatureBundle } from "../bundle/feature-bundle.ts";
import { fitIntercept } from "./fit-intercept.ts";
import { fitIsotonic } from "./fit-isotonic.ts";
import { fitPlatt, plattCurve } from "./fit-platt.ts";
import { logOdds } from "./log-odds.ts";
import { slopeInterval } from "./slope-interval.ts";

/** Origin of the outputs that a calibration is fitted on. No model was trained on the rows that it scored. */
export type CalibrationRows = "held-out suppliers" | "out of fold by supplier" | "out of fold by time";

/** Outputs of models for rows that they were not trained on. */
export interface UnseenOutputs {
  readonly from: CalibrationRows;
  readonly outputs: Float64Array;
  readonly labels: Uint8Array;
  /** Supplier of each row. */
  readonly suppliers: readonly string[];
}

/** A curve that was fitted but not used. */
export interface RejectedCurve {
  readonly from: CalibrationRows;
  /** Slope over the log-odds. */
  readonly slope: number;
  /** 95 % interval of the slope. */
  readonly interval: readonly [number, number];
}

/** The calibration that was chosen, and the figures behind the choice. */
export interface ChosenCalibration {
  readonly calibration: Calibration;
  readonly from: CalibrationRows;
  readonly rows: number;
  readonly positives: number;
  /**
   * Slope of the Platt curve over the log-odds: 1 for a model that needs no calibration; null when no curve
   * increases clearly.
   */
  readonly slope: { readonly value: number; readonly interval: readonly [number, number] } | null;
  readonly rejected: readonly RejectedCurve[];
}

/** Minimum number of positives for isotonic regression. */
const ISOTONIC_POSITIVES = 1_000;

/**
 * Minimum slope of a curve that is used. With a flatter curve all scores are nearly equal, however certain
 * the slope is.
 */
const LEAST_SLOPE = 0.1;

const isClearlyRising = (slope: number, [low]: readonly [number, number]): boolean => slope >= LEAST_SLOPE && low > 0;

/**
 * Chooses a calibration. It uses the first of the given outputs whose Platt curve increases clearly (slope of
 * at least 0.1, and a lower end of its 95 % interval above 0), and fits Platt scaling below 1,000 positives,
 * else isotonic regression. When no curve does, it adds a constant to the log-odds of the first outputs, so
 * that scores are right on average. Rows of one class have no calibration.
 * @param sources At least one. They are called in order, the next one only when it is needed.
 */
export async function chooseCalibration(
  sources: readonly (() => Promise<UnseenOutputs>)[],
  outputSpace: FeatureBundle["outputSpace"],
): Promise<ChosenCalibration> {
  const rejected: RejectedCurve[] = [];
  let first: UnseenOutputs | undefined;
  for (const make of sources) {
    const unseen = await make();
    first ??= unseen;
    const { from, outputs, labels, suppliers } = unseen;
    const positives = countOnes(labels);
    if (positives === 0 || positives === labels.length) continue;
    const margins = outputSpace === "probability" ? outputs.map(logOdds) : outputs;
    const curve = plattCurve(margins, labels);
    const interval = slopeInterval(curve, margins, labels, suppliers);
    if (!isClearlyRising(curve.slope, interval)) {
      rejected.push({ from, slope: curve.slope, interval });
      continue;
    }
    const calibration = fitRising(outputs, labels);
    const slope = { value: curve.slope, interval };
    return { calibration, from, rows: labels.length, positives, slope, rejected };
  }
  if (first === undefined) throw new RangeError("a calibration needs outputs to choose from");
  const { from, outputs, labels } = first;
  const calibration = fitIntercept(outputs, labels, outputSpace);
  return { calibration, from, rows: labels.length, positives: countOnes(labels), slope: null, rejected };
}

/** Fits Platt scaling if there are fewer than 1,000 positives, otherwise isotonic regression. */
const fitRising = (outputs: Float64Array, labels: Uint8Array): Calibration =>
  countOnes(labels) < ISOTONIC_POSITIVES ? fitPlatt(outputs, labels) : fitIsotonic(outputs, labels);

/** Fits a calibration of the same kind to other rows. */
export function refitCalibration(
  kind: Calibration["kind"],
  outputs: Float64Array,
  labels: Uint8Array,
  outputSpace: FeatureBundle["outputSpace"],
): Calibration {
  if (kind === "platt") return fitPlatt(outputs, labels);
  if (kind === "isotonic") return fitIsotonic(outputs, labels);
  return kind === "intercept" ? fitIntercept(outputs, labels, outputSpace) : { kind: "none" };
}

const countOnes = (labels: Uint8Array): number => labels.reduce((sum, label) => sum + label, 0);
