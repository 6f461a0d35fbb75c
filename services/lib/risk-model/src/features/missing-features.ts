import type { BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import type { Violation } from "./vector.ts";

/**
 * Returns the number that replaces a missing value: the median of the training rows, otherwise the code of all other
 * categories, otherwise NaN. For NaN, each split of the trees has its own direction.
 */
export function fillerOf({ missing, training, codes }: BundleFeature): number {
  return missing === "median" ? (training?.median ?? Number.NaN) : (codes?.other ?? Number.NaN);
}

/** Whether a supplier without the feature is rejected. */
export const isRequired = ({ missing }: BundleFeature): boolean => missing === "refuse";

/** Returns the violation of a supplier without a required feature. */
export function requiredViolation({ name }: BundleFeature, field: string): Violation {
  return { field, reason: "FEATURE_REQUIRED", message: `${name} is missing and this model requires it` };
}

/** Whether the feature counts for the minimum of known features: all do, except those without points in a scorecard. */
export const countsForMinimum = ({ unused }: BundleFeature): boolean => unused !== true;

/**
 * Returns the minimum number of known features for a score, among those that count. It is rounded, because the
 * share in the bundle may be a rounded decimal.
 */
export function leastFeatures({
  minimumPresent,
  features,
}: Pick<FeatureBundle, "minimumPresent" | "features">): number {
  return Math.max(0, Math.ceil(minimumPresent * features.filter(countsForMinimum).length - 1e-9));
}
