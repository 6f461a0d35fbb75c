import type { ModelSpec } from "@bellwether/config/model-spec";
import { profileCategories } from "@bellwether/drift/profile/category-profile";
import { profileNumbers } from "@bellwether/drift/profile/numeric-profile";
import { type FeatureProfile, SCORE_NAME, type TrainingProfile } from "@bellwether/drift/profile/training-profile";
import type { FeatureTable } from "../tables/feature-table.ts";

/** Rows whose distributions are stored in the bundle. */
export interface ProfiledRows {
  /** Rows on which the model was trained. */
  readonly train: Uint32Array;
  /** Rows that were used only for the evaluation. */
  readonly test: Uint32Array;
  /** Calibrated score of each test row. */
  readonly testScores: Float64Array;
}

/**
 * Returns the distributions with which weekly runs are compared: features of the training rows, and scores of the test
 * rows, because a model scores the rows of its training too well.
 */
export function profileTraining(
  table: Pick<FeatureTable, "numbers" | "categories" | "supplierIds">,
  { features }: Pick<ModelSpec, "features">,
  { train, test, testScores }: ProfiledRows,
): TrainingProfile {
  const suppliersOf = (rows: Uint32Array): number => new Set(Array.from(rows, (row) => table.supplierIds[row])).size;
  const suppliers = suppliersOf(train);
  const profiles = features.flatMap(({ name, kind }): FeatureProfile[] => {
    if (kind === "category") {
      const column = table.categories.get(name);
      return column
        ? [
            profileCategories(
              name,
              Array.from(train, (row) => column[row]),
              suppliers,
            ),
          ]
        : [];
    }
    const column = table.numbers.get(name);
    return column
      ? [
          profileNumbers(
            name,
            Float64Array.from(train, (row) => column[row]),
            suppliers,
          ),
        ]
      : [];
  });
  const score = test.length === 0 ? null : profileNumbers(SCORE_NAME, testScores, suppliersOf(test));
  return { features: profiles, score };
}
