import { type CategoryProfile, countCategories, MAX_CATEGORIES } from "../profile/category-profile.ts";
import type { Change } from "./change.ts";
import { compareShares } from "./compare-shares.ts";
import { type DriftBin, MAX_BINS } from "./drift-bin.ts";
import type { Pairs } from "./pairs.ts";
import { expectedPsi, populationStabilityIndex } from "./psi.ts";

/** Categories of the previous week, with the rows of the same suppliers. */
export interface PairedCategories {
  readonly values: readonly (string | null)[];
  readonly pairs: Pairs;
}

/** Name of all categories that are not compared by themselves. A category is never an empty text. */
const OTHERS = "";

/**
 * Compares categories with a reference. The category whose share changed most is tested against all others, and its
 * p-value multiplied by the number of categories (Bonferroni). Both sides must have a known value.
 * @param values of the present week, null = missing
 */
export function compareCategories(
  reference: CategoryProfile,
  values: readonly (string | null)[],
  paired: PairedCategories | null,
): Change {
  const before = new Map(reference.values.map(({ value, count }) => [value, count]));
  const counted = countCategories(values);
  for (const { value } of counted.slice(0, MAX_CATEGORIES)) if (!before.has(value)) before.set(value, 0);
  const known = reference.rows - reference.missing;
  before.set(OTHERS, known - reference.values.reduce((sum, { count }) => sum + count, 0));
  const nameOf = (value: string): string => (before.has(value) ? value : OTHERS);
  const now = new Map([...before.keys()].map((value) => [value, 0]));
  for (const { value, count } of counted) now.set(nameOf(value), (now.get(nameOf(value)) ?? 0) + count);
  const present = counted.reduce((sum, { count }) => sum + count, 0);
  const shares = [...before]
    .map(([value, count]) => ({ value, count, presentCount: now.get(value) ?? 0 }))
    .filter(({ count, presentCount }) => count + presentCount > 0);
  const largest = shares
    .map((share) => ({ ...share, change: share.presentCount / present - share.count / known }))
    .reduce((a, b) => (Math.abs(b.change) > Math.abs(a.change) ? b : a));
  const indicator = (all: readonly (string | null)[]): Float64Array =>
    mapTexts(all, (value) => (value === null ? Number.NaN : nameOf(value) === largest.value ? 1 : 0));
  const change = compareShares(
    { count: largest.count, rows: known },
    { count: largest.presentCount, rows: present },
    (known * Math.min(reference.suppliers, reference.rows)) / reference.rows,
    paired && { pairs: paired.pairs, present: indicator(values), previous: indicator(paired.values) },
  );
  return {
    ...{ effect: Math.abs(largest.change), noise: change.noise, shift: largest.change },
    psi: populationStabilityIndex(
      shares.map(({ count }) => count),
      shares.map(({ presentCount }) => presentCount),
    ),
    psiNoise: expectedPsi(shares.length, change.variance),
    p: shares.length <= 1 ? null : Math.min(1, shares.length * change.p),
    ...{ referenceValue: change.referenceShare, presentValue: change.presentShare, category: largest.value },
    bins: categoryBins(shares, known, present),
  };
}

/** Returns a number for each text. `Float64Array.from` with a function takes ten times as long. */
export function mapTexts(texts: readonly (string | null)[], numberOf: (text: string | null) => number): Float64Array {
  const numbers = new Float64Array(texts.length);
  for (let row = 0; row < texts.length; row++) numbers[row] = numberOf(texts[row]);
  return numbers;
}

/** Returns a bin for each of the most frequent categories, and one for the others. */
function categoryBins(
  shares: readonly { readonly value: string; readonly count: number; readonly presentCount: number }[],
  known: number,
  present: number,
): DriftBin[] {
  const bins = shares
    .map(({ value, count, presentCount }) => ({
      ...{ from: null, to: null, category: value },
      ...{ referenceShare: count / known, presentShare: presentCount / present },
    }))
    .sort((a, b) => b.referenceShare + b.presentShare - a.referenceShare - a.presentShare);
  const rest = [...bins.slice(MAX_BINS - 1), ...bins.filter(({ category }) => category === OTHERS)];
  const shown = bins.slice(0, MAX_BINS - 1).filter(({ category }) => category !== OTHERS);
  if (rest.length === 0) return shown;
  const sum = (of: (bin: DriftBin) => number): number => [...new Set(rest)].reduce((all, bin) => all + of(bin), 0);
  return [
    ...shown,
    {
      ...{ from: null, to: null, category: OTHERS },
      referenceShare: sum(({ referenceShare }) => referenceShare),
      presentShare: sum(({ presentShare }) => presentShare),
    },
  ];
}
