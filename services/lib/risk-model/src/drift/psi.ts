/**
 * Number that is added to the count of each bin. The index is then finite for an empty bin, and decreases as
 * the number of rows grows.
 */
const HALF_COUNT = 0.5;

/**
 * Returns the population stability index between two counts over the same bins: Σ (q − p) · ln(q / p), the
 * symmetric Kullback-Leibler divergence of their shares (Siddiqi, Credit Risk Scorecards, 2006, ch. 9). 0
 * means equal shares; a value above 0.25 is usually called a shift. The result is 0 when either side has no
 * rows.
 * @throws RangeError when the numbers of bins differ.
 */
export function populationStabilityIndex(reference: readonly number[], present: readonly number[]): number {
  if (reference.length !== present.length)
    throw new RangeError(`${reference.length} bins of reference against ${present.length} present ones`);
  const total = (counts: readonly number[]): number => counts.reduce((sum, n) => sum + n, 0);
  const [all, now] = [total(reference), total(present)];
  if (all === 0 || now === 0) return 0;
  const added = HALF_COUNT * reference.length;
  const index = reference.reduce((sum, count, bin) => {
    const p = (count + HALF_COUNT) / (all + added);
    const q = (present[bin] + HALF_COUNT) / (now + added);
    return sum + (q - p) * Math.log(q / p);
  }, 0);
  return Math.max(0, index);
}
