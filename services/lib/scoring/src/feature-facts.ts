import type { BundleFeature, FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";

/** What a reader needs beside a feature's value to judge it. */
export interface FeatureFacts {
  /** "" for categories, texts, and models that declare none. */
  readonly unit: string;
  /** Median of the training rows; null: a category, a text, or not known. */
  readonly typical: number | null;
  /** The most frequent category of the training rows; "" for numbers and texts. */
  readonly typicalCategory: string;
}

/** Facts of the feature that a contribution names; a term of a text has none. */
export const factsOf = ({ features }: Pick<FeatureBundle, "features">, name: string): FeatureFacts =>
  featureFacts(features.find((feature) => feature.name === name));

/** Facts of a feature; undefined is a text. */
export function featureFacts(feature: BundleFeature | undefined): FeatureFacts {
  return {
    unit: feature?.unit ?? "",
    typical: feature?.codes === undefined ? (feature?.training?.median ?? null) : null,
    typicalCategory: feature?.kind === "category" ? (feature.categories[0] ?? "") : "",
  };
}
