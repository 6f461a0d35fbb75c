/** A score in one version, with contributions that add up to its output. */
export interface Evaluation {
  /** Expected output of the version. */
  readonly base: number;
  /** Contribution of each feature that the version uses. `base` and all contributions add up to `output`. */
  readonly contributions: ReadonlyMap<string, number>;
  /** Output of the version before calibration. */
  readonly output: number;
}

/**
 * The scores of two data (before, after) in two versions. The version of the data `before` is called old, that
 * of the data `after` new.
 */
export interface FourEvaluations {
  readonly beforeInOld: Evaluation;
  readonly beforeInNew: Evaluation;
  readonly afterInOld: Evaluation;
  readonly afterInNew: Evaluation;
}

/** A part of a change: what follows from the data, and what follows from the version. */
export interface Amount {
  readonly data: number;
  readonly model: number;
}

/** A change of the output, divided exactly. */
export interface OutputChange {
  /** `afterInNew.output − beforeInOld.output`. */
  readonly change: number;
  /** The part of each feature that either version uses, in the order of the new version, then of the old one. */
  readonly parts: ReadonlyMap<string, Amount>;
  /** Difference of the base values: a part of the version. */
  readonly base: number;
}

/** A change of the risk score, divided exactly. */
export interface ScoreChange {
  /** Score after minus score before, in [−1, 1]. */
  readonly change: number;
  /** What follows from another calibration: a part of the version. */
  readonly calibration: number;
  /**
   * Score points per unit of the output. A part of the output, multiplied by it, is the part of the score: these
   * parts and `calibration` add up to `change`.
   */
  readonly slope: number;
}

/**
 * Returns an evaluation whose contributions add up to the output exactly (in float64). Contributions and outputs are
 * sums of float32 numbers, which differ by about 1e-6 of their size. The difference is spread over the contributions
 * in proportion to their magnitudes, which changes no contribution by more than that; without contributions the base
 * takes it.
 */
export function completeEvaluation({ base, contributions, output }: Evaluation): Evaluation {
  let sum = base;
  let size = 0;
  for (const part of contributions.values()) {
    sum += part;
    size += Math.abs(part);
  }
  const rest = output - sum;
  if (rest === 0) return { base, contributions, output };
  if (size === 0) return { base: base + rest, contributions, output };
  const completed = new Map<string, number>();
  for (const [name, part] of contributions) completed.set(name, part + (rest * Math.abs(part)) / size);
  return { base, contributions: completed, output };
}

/**
 * Divides a change of the output among features, and for each feature between data and version. Each part is the mean
 * over the two orders in which data and version can be exchanged: the Shapley value of the two causes (Shapley 1953;
 * for decompositions of this kind Shorrocks, "Decomposition procedures for distributional analysis: a unified
 * framework based on the Shapley value", Journal of Economic Inequality 11, 2013). So the parts and the base add up to
 * the change, exchanging before and after changes only the signs, equal data have no data part, and equal versions no
 * model part.
 * @param scores Contributions that add up to their outputs, see `completeEvaluation`.
 */
export function splitOutput({ beforeInOld, beforeInNew, afterInOld, afterInNew }: FourEvaluations): OutputChange {
  const names = new Set([...afterInNew.contributions.keys(), ...beforeInOld.contributions.keys()]);
  const of = ({ contributions }: Evaluation, name: string): number => contributions.get(name) ?? 0;
  const parts = new Map<string, Amount>();
  for (const name of names) {
    const [bo, bn] = [of(beforeInOld, name), of(beforeInNew, name)];
    const [ao, an] = [of(afterInOld, name), of(afterInNew, name)];
    parts.set(name, { data: (ao - bo + (an - bn)) / 2, model: (bn - bo + (an - ao)) / 2 });
  }
  // The bases of one version are equal for all data, except when they contain the rounding of a score.
  const base = (beforeInNew.base - beforeInOld.base + (afterInNew.base - afterInOld.base)) / 2;
  const drift = (afterInOld.base - beforeInOld.base + (afterInNew.base - beforeInNew.base)) / 2;
  return { change: afterInNew.output - beforeInOld.output, parts, base: base + drift };
}

/**
 * Change of the output below which the quotient of two changes would be rounding. The slope of the calibration at the
 * output replaces it; the sum of the parts is then exact to this change times the bend of the calibration.
 */
const LEAST_CHANGE = 1e-11;

/** Distance of the outputs at which the slope of a calibration is measured, relative to their size. */
const STEP = 1e-6;

/**
 * Divides a change of the risk score. The part of the calibration is again the mean over both orders. The rest follows
 * from the output and is divided in proportion to the parts of the output: the integral of the gradient along the
 * straight line from the parts before to the parts after, which is the Aumann-Shapley value (Aumann & Shapley 1974;
 * Sundararajan, Taly, Yan, "Axiomatic attribution for deep networks", ICML 2017, arXiv 1703.01365).
 * @param before,after Outputs.
 * @param oldRisk,newRisk Calibrations of the two versions: output → score, never decreasing.
 */
export function splitScore(
  before: number,
  after: number,
  oldRisk: (output: number) => number,
  newRisk: (output: number) => number,
): ScoreChange {
  const change = newRisk(after) - oldRisk(before);
  const calibration = (newRisk(before) - oldRisk(before) + (newRisk(after) - oldRisk(after))) / 2;
  if (Math.abs(after - before) > LEAST_CHANGE) {
    return { change, calibration, slope: (change - calibration) / (after - before) };
  }
  const step = STEP * Math.max(1, Math.abs(before));
  const rise = (risk: (output: number) => number): number => (risk(before + step) - risk(before - step)) / (2 * step);
  return { change, calibration, slope: (rise(oldRisk) + rise(newRisk)) / 2 };
}
