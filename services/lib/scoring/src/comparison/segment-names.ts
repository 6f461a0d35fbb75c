import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { MAX_SEGMENTS } from "./comparison-sums.ts";

/** Most frequent categories of one feature that are segments. */
const MAX_CATEGORIES = 16;

/**
 * Returns the segments of a model: "feature=value" for the most frequent categories in training of each categorical feature, at most
 * MAX_SEGMENTS.
 */
export const segmentNames = ({ features }: Pick<FeatureBundle, "features">): string[] =>
  features
    .flatMap(({ name, kind, categories }) =>
      kind === "category" ? categories.slice(0, MAX_CATEGORIES).map((category) => segmentName(name, category)) : [],
    )
    .slice(0, MAX_SEGMENTS);

/** Returns the name of a segment. */
export const segmentName = (feature: string, category: string): string => `${feature}=${category}`;

/** Returns the segments of a row. */
export const segmentsOf = (categories: Readonly<Record<string, string>>): string[] =>
  Object.entries(categories).map(([feature, category]) => segmentName(feature, category));
