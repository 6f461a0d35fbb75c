/** Probabilities of exactly 0 and 1, which a forest gives, stand for these log-odds at most. */
const LEAST_PROBABILITY = 1e-6;

/** Log-odds of a probability, finite: probabilities are kept within 1e-6 and 1 − 1e-6. */
export function logOdds(probability: number): number {
  const kept = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, probability));
  return Math.log(kept / (1 - kept));
}
