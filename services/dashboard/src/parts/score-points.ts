import { OutputSpace } from "@bellwether/gen/bellwether/inference/v1/score_pb";

/** The highest and lowest log-odds that are used: a probability of 0 or 1 has none. */
const MAX_LOG_ODDS = 36;

/**
 * Returns the effect of one contribution on a risk score, in percentage points of probability: the score minus
 * the score that the supplier would have without the contribution. It has the sign of the contribution, and is
 * in (−100, 100). The points of all contributions do not add up to the score, because the effect of one depends
 * on the others. Undefined: the unit of the contributions is not known.
 *
 * In log-odds the calibration counts as a shift, so the result is approximate.
 */
export function pointsOf(contribution: number, riskScore: number, space: OutputSpace): number | undefined {
  if (space === OutputSpace.PROBABILITY) return contribution * 100;
  if (space !== OutputSpace.MARGIN) return undefined;
  const without = 1 / (1 + Math.exp(contribution - logOdds(riskScore)));
  return (riskScore - without) * 100;
}

function logOdds(probability: number): number {
  const value = Math.log(probability / (1 - probability));
  return Math.min(MAX_LOG_ODDS, Math.max(-MAX_LOG_ODDS, value));
}
