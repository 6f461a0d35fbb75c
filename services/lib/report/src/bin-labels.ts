import { limitTexts } from "./figures.ts";

/** One bar of two distributions: a range of numbers, one number, or a category. */
export interface LabelledBin {
  /** Lower end, not included. Left out: none. Equal to `upper`: the bin is that one number. */
  readonly lower?: number;
  /** Upper end, included. Left out: none. */
  readonly upper?: number;
  /** A category. Empty: all other categories. Left out: the bin is of numbers. */
  readonly category?: string;
}

/**
 * Returns a label for each bin of one distribution: "up to 1,200", "1,200 to 2,500", "above 9,000", "exactly 0", or the
 * category. Limits are rounded to as few digits as keep different limits different.
 */
export function binLabels(bins: readonly LabelledBin[]): string[] {
  const limits = bins.flatMap(({ lower, upper }) => [lower, upper]).filter((limit) => limit !== undefined);
  const texts = limitTexts(limits);
  return bins.map(({ category, lower, upper }) => {
    if (category !== undefined) return category === "" ? "other categories" : category;
    const [from, to] = [textOf(texts, lower), textOf(texts, upper)];
    if (from === null) return to === null ? "all values" : `up to ${to}`;
    if (to === null) return `above ${from}`;
    return lower === upper ? `exactly ${from}` : `${from} to ${to}`;
  });
}

const textOf = (texts: ReadonlyMap<number, string>, limit: number | undefined): string | null =>
  limit === undefined ? null : (texts.get(limit) ?? String(limit));
