/**
 * Minimum distance of a probability from 0 and 1, for finite log-odds: a forest may return probabilities of
 * exactly 0 and 1.
 */
const LEAST_PROBABILITY = 1e-6;

/** Returns the log-odds of a probability, which is limited to [1e-6, 1 − 1e-6], so the result is finite. */
export function logOdds(probability: number): number {
  const kept = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, probability));
  return Math.log(kept / (1 - kept));
}
