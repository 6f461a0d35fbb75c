import { permutationTest } from "../significance/permutation-test.ts";
import { signFlipTest } from "../significance/sign-flip-test.ts";
import { smallestOf, WHOLE_WEIGHT } from "./change.ts";
import { differenceVariance, type Pairs, pairScores } from "./pairs.ts";

/** Rows of a sample that have a property, such as a category or a missing value. */
export interface SharedRows {
  /** Number of rows with the property. */
  readonly count: number;
  /** Number of all rows. */
  readonly rows: number;
}

/** Change of the share of rows with a property. */
export interface ShareChange {
  readonly referenceShare: number;
  readonly presentShare: number;
  /** Expected absolute change by chance. */
  readonly noise: number;
  readonly p: number;
  /** Expected value of (change of the share)² ÷ (p (1 − p)) by chance: 1/n + 1/m for independent samples. */
  readonly variance: number;
}

/**
 * Compares the shares of rows with a property.
 * @param independent number of independent rows of the reference: its suppliers
 * @param paired 1, 0 or NaN (the row does not count) for each row of both weeks
 */
export function compareShares(
  reference: SharedRows,
  present: SharedRows,
  independent: number,
  paired: { readonly pairs: Pairs; readonly present: Float64Array; readonly previous: Float64Array } | null,
): ShareChange {
  const scale = Math.min(1, independent / reference.rows);
  const counts = ({ count, rows }: SharedRows, by: number) => Float64Array.of((rows - count) * by, count * by);
  const whole = permutationTest(counts(reference, scale), counts(present, 1), Float64Array.of(0, 1));
  const tests = [{ p: whole, weight: paired === null ? 1 : WHOLE_WEIGHT }];
  let variance = 1 / (reference.rows * scale) + 1 / present.rows;
  if (paired !== null) {
    const { differences, correlation } = pairScores(paired.pairs, paired.present, paired.previous);
    tests.push({ p: signFlipTest(differences), weight: 1 - WHOLE_WEIGHT });
    variance = differenceVariance(reference.rows, present.rows, differences.length, correlation);
  }
  const pooled = (reference.count * scale + present.count) / (reference.rows * scale + present.rows);
  return {
    referenceShare: reference.count / reference.rows,
    presentShare: present.count / present.rows,
    noise: Math.sqrt((2 / Math.PI) * pooled * (1 - pooled) * variance),
    p: smallestOf(tests),
    variance,
  };
}
