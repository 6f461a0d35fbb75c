/** One feature's signed share, in the explanation's output space. */
export interface Share {
  readonly feature: string;
  readonly contribution: number;
}

/** One bar: from where the sum stood before it to where it stands after it. */
export interface WaterfallBar<S extends Share> {
  /** The share itself; undefined: all the smaller ones together. */
  readonly share: S | undefined;
  /** How many features it stands for. */
  readonly features: number;
  readonly contribution: number;
  readonly from: number;
  readonly to: number;
}

/** A waterfall from the base value to the model's output. */
export interface Waterfall<S extends Share> {
  /** Largest magnitude first; the rest, if any, last. */
  readonly bars: readonly WaterfallBar<S>[];
  readonly base: number;
  /** base plus all contributions. */
  readonly output: number;
  /** The smallest and largest value that any bar touches. */
  readonly domain: readonly [number, number];
}

/** Stacks contributions on the base value, the `limit` largest one by one and the others together. Numbers that are not finite are left out. */
export function stackWaterfall<S extends Share>(base: number, shares: readonly S[], limit: number): Waterfall<S> {
  const sorted = shares
    .filter(({ contribution }) => Number.isFinite(contribution))
    .toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  // A rest of one feature is drawn as that feature.
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
