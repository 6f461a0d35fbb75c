import { type CategoryProfile, profileCategories } from "./category-profile.ts";
import { createSorter, type NumericProfile, profileNumbers, type Sorter } from "./numeric-profile.ts";

/** Name of the score among the features. */
export const SCORE_NAME = "risk_score";

/** Distribution of one feature. */
export type FeatureProfile = NumericProfile | CategoryProfile;

/** The distributions with which a model was trained. */
export interface TrainingProfile {
  /** Features of the rows on which the model was trained. */
  readonly features: readonly FeatureProfile[];
  /** Scores of the rows that were used only for the evaluation. Null: none were scored. */
  readonly score: NumericProfile | null;
}

/**
 * Returns the distributions of a week, for a later week that cannot read its suppliers any more.
 * @param scores NaN = none; null: not known
 * @param sortedOf a sorter that other work on the same values uses too
 */
export function profileWeek(
  numbers: ReadonlyMap<string, Float64Array>,
  categories: ReadonlyMap<string, readonly (string | null)[]>,
  scores: Float64Array | null,
  sortedOf: Sorter = createSorter(),
): TrainingProfile {
  const profile = (name: string, values: Float64Array): NumericProfile =>
    profileNumbers(name, values, values.length, sortedOf(values));
  return {
    features: [
      ...[...numbers].map(([name, values]) => profile(name, values)),
      ...[...categories].map(([name, values]) => profileCategories(name, values)),
    ],
    score: scores && profile(SCORE_NAME, scores),
  };
}
