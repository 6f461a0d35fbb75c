import type { ScorecardSpec, ScoredFeature } from "@bellwether/config/scorecard-spec";
import type { BundleColumn } from "../bundle/feature-bundle.ts";

/** The range or category of a feature with which explanations compare all other ranges or categories. */
export interface ReferencePart {
  readonly points: number;
  /** A number in the range, or the category. Null: any other category. */
  readonly value: number | string | null;
}

/**
 * Returns the reference of a feature: the range or category with the points nearest to 0, the first of several. With a
 * range of 0 points in each feature, the contributions of a score are its points.
 */
export function referenceOf(feature: ScoredFeature): ReferencePart {
  const parts: ReferencePart[] =
    feature.kind === "numeric"
      ? feature.ranges.map(({ from, points }) => ({ points, value: from }))
      : [
          ...feature.categories.map(({ category, points }) => ({ points, value: category })),
          { points: feature.otherwise, value: null },
        ];
  return parts.reduce((best, part) => (Math.abs(part.points) < Math.abs(best.points) ? part : best));
}

/** Returns the row of a supplier with the references of all features; null where no tree reads the column. */
export function referenceRow(
  { features }: Pick<ScorecardSpec, "features">,
  columns: readonly BundleColumn[],
): (number | null)[] {
  const references = new Map(features.map((feature) => [feature.name, referenceOf(feature)]));
  return columns.map((column) => {
    const reference = references.get(column.feature);
    if (reference === undefined) return null;
    if (column.kind === "category") return reference.value === column.category ? 1 : 0;
    return typeof reference.value === "number" ? Math.fround(reference.value) : null;
  });
}

/** Returns the sum of points of the reference supplier. */
export const referencePoints = ({ features }: Pick<ScorecardSpec, "features">): number =>
  features.reduce((sum, feature) => sum + referenceOf(feature).points, 0);
