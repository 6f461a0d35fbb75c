import { type FeatureFacts, type FeatureInfo, NO_FACTS } from "@bellwether/reasons/feature-info";
import { contradicts } from "@bellwether/reasons/select-reasons";
import type { BundleFeature, FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import type { FeatureContribution } from "./feature-contributions.ts";

/** Returns the facts of the feature that a contribution names; a term of a text has no facts. */
export function factsOf({ features }: Pick<FeatureBundle, "features">, name: string): FeatureFacts {
  const feature = features.find((known) => known.name === name);
  return feature === undefined ? NO_FACTS : featureFacts(feature);
}

/** Whether a contribution contradicts the declared direction of its feature. */
export function contradictsDirection(
  { features }: Pick<FeatureBundle, "features">,
  { feature, value, contribution }: Pick<FeatureContribution, "feature" | "value" | "contribution">,
): boolean {
  const declared = features.find(({ name }) => name === feature);
  if (declared === undefined) return false;
  return contradicts({ value, contribution, typical: featureFacts(declared).typical }, declared);
}

/** Returns a model's features with the facts that reasons need, the text last. */
export function describeFeatures({ features, text }: Pick<FeatureBundle, "features" | "text">): FeatureInfo[] {
  return [
    ...features.map((feature) => {
      const { name, kind, direction, de } = feature;
      return { name, kind, direction, ...featureFacts(feature), ...(de !== undefined && { de }) };
    }),
    ...(text === null ? [] : [textInfo(text)]),
  ];
}

const textInfo = ({ feature: name, de }: NonNullable<FeatureBundle["text"]>): FeatureInfo => ({
  ...{ name, kind: "text", direction: "unknown", ...NO_FACTS },
  ...(de !== undefined && { de }),
});

function featureFacts({ unit, codes, training, kind, categories }: BundleFeature): FeatureFacts {
  return {
    unit,
    typical: codes === undefined ? (training?.median ?? null) : null,
    typicalCategory: kind === "category" ? (categories[0] ?? "") : "",
  };
}
