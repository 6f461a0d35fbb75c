import type { Change } from "./change.ts";
import { compareShares } from "./compare-shares.ts";
import type { Pairs } from "./pairs.ts";

/** Rows without a value. */
export interface MissingRows {
  readonly rows: number;
  readonly missing: number;
  /** Number of suppliers of these rows. */
  readonly suppliers: number;
}

const UNCHANGED: Change = {
  ...{ effect: 0, noise: 0, shift: 0, psi: null, psiNoise: null, p: null },
  ...{ referenceValue: 0, presentValue: 0, category: null, bins: [] },
};

/**
 * Compares the shares of missing values.
 * @param paired 1 for each row without a value, 0 for the others, of both weeks; null: no pairs
 */
export function compareMissing(
  reference: MissingRows,
  present: MissingRows,
  paired: { readonly pairs: Pairs; readonly present: Float64Array; readonly previous: Float64Array } | null,
): Change {
  const isNever = reference.missing + present.missing === 0;
  const isAlways = reference.missing === reference.rows && present.missing === present.rows;
  if (isNever || isAlways) return { ...UNCHANGED, ...(isAlways && { referenceValue: 1, presentValue: 1 }) };
  const [before, now] = [reference, present].map(({ missing, rows }) => ({ count: missing, rows }));
  const change = compareShares(before, now, reference.suppliers, paired);
  const shift = change.presentShare - change.referenceShare;
  return {
    ...{ effect: Math.abs(shift), noise: change.noise, shift, psi: null, psiNoise: null },
    p: change.p,
    ...{ referenceValue: change.referenceShare, presentValue: change.presentShare, category: null, bins: [] },
  };
}
