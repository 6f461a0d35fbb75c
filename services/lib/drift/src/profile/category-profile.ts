/** Number of rows with one category. */
export interface CategoryCount {
  readonly value: string;
  readonly count: number;
}

/** Distribution of a categorical feature in bounded size. */
export interface CategoryProfile {
  readonly kind: "category";
  readonly feature: string;
  /** Number of rows, with those without a value. */
  readonly rows: number;
  /** Number of rows without a value. */
  readonly missing: number;
  /** Number of suppliers of these rows. */
  readonly suppliers: number;
  /** The most frequent categories, at most 32. Equally frequent ones are in the order of their text. */
  readonly values: readonly CategoryCount[];
}

/** Maximum number of categories of a profile. The rarer ones are counted together. */
export const MAX_CATEGORIES = 32;

/**
 * Returns the distribution of a categorical feature.
 * @param values null = missing
 * @param suppliers number of different suppliers; default: one per row
 */
export function profileCategories(
  feature: string,
  values: readonly (string | null)[],
  suppliers = values.length,
): CategoryProfile {
  const counts = countCategories(values);
  const known = counts.reduce((sum, { count }) => sum + count, 0);
  const frequent = counts.slice(0, MAX_CATEGORIES);
  return {
    kind: "category",
    feature,
    rows: values.length,
    missing: values.length - known,
    suppliers,
    values: frequent,
  };
}

/** Counts the categories, the most frequent first. */
export function countCategories(values: readonly (string | null)[]): CategoryCount[] {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}
