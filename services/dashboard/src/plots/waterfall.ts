/** The contribution of one feature, in the explanation's output space. */
export interface Share {
  readonly feature: string;
  readonly contribution: number;
}

/** One bar, from the sum before its contribution to the sum after it. */
export interface WaterfallBar<S extends Share> {
  /** The contribution. Undefined: the bar is the sum of all smaller contributions. */
  readonly share: S | undefined;
  /** Number of features in the bar. */
  readonly features: number;
  readonly contribution: number;
  readonly from: number;
  readonly to: number;
}

/** A waterfall from the base value to the model's output. */
export interface Waterfall<S extends Share> {
  /** Bars, largest magnitude first. The bar of the smaller contributions, if any, is the last. */
  readonly bars: readonly WaterfallBar<S>[];
  readonly base: number;
  /** The base value plus all contributions. */
  readonly output: number;
  /** The smallest and the largest value of all bars. */
  readonly domain: readonly [number, number];
}

/**
 * Stacks contributions on the base value: the `limit` largest as single bars, the others as one bar. NaN and
 * infinity are left out.
 */
export function stackWaterfall<S extends Share>(base: number, shares: readonly S[], limit: number): Waterfall<S> {
  const sorted = shares
    .filter(({ contribution }) => Number.isFinite(contribution))
    .toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  // When only one contribution is left, it has its own bar.
  const shown = sorted.length === limit + 1 ? sorted : sorted.slice(0, limit);
  const rest = sorted.slice(shown.length);

  const bars: WaterfallBar<S>[] = [];
  let sum = base;
  const push = (share: S | undefined, features: number, contribution: number): void => {
    bars.push({ share, features, contribution, from: sum, to: sum + contribution });
    sum += contribution;
  };
  for (const share of shown) push(share, 1, share.contribution);
  const restSum = rest.reduce((total, { contribution }) => total + contribution, 0);
  if (rest.length > 0) push(undefined, rest.length, restSum);

  const touched = [base, ...bars.map(({ to }) => to)];
  return { bars, base, output: sum, domain: [Math.min(...touched), Math.max(...touched)] };
}
