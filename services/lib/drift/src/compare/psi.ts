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

/**
 * Returns the index that two samples of one distribution are expected to have by chance: (bins − 1) × variance, because
 * the index divided by the variance has about a χ² distribution (Yurdakul, "Statistical properties of population
 * stability index", Western Michigan University, 2018).
 * @param variance 1/n + 1/m for independent samples of n and m rows, less for pairs
 */
export function expectedPsi(bins: number, variance: number): number {
  return Math.max(0, bins - 1) * variance;
}

/** Share of the reference rows of a bin of several cells, and from which on an atom has a bin of its own. */
const BIN_SHARE = 0.1;
const OWN_BIN_SHARE = 0.05;

/** Joins the cells of two samples to about ten bins, for the index. Bins without rows are left out. */
export function psiBins(
  reference: Float64Array,
  present: Float64Array,
): { readonly reference: number[]; readonly present: number[] } {
  const rows = reference.reduce((sum, count) => sum + count, 0);
  const bins: [number, number][] = [];
  let [p, q] = [0, 0];
  const close = (): void => {
    if (p + q > 0) bins.push([p, q]);
    [p, q] = [0, 0];
  };
  for (let cell = 0; cell < reference.length; cell++) {
    const isOwn = cell % 2 === 1 && reference[cell] >= OWN_BIN_SHARE * rows;
    if (isOwn) close();
    p += reference[cell];
    q += present[cell];
    if (isOwn || p >= BIN_SHARE * rows) close();
  }
  close();
  return { reference: bins.map(([a]) => a), present: bins.map(([, b]) => b) };
}
