import type { Contribution, ModelIdentity } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { TEXT_FEATURE } from "@bellwether/reasons/feature-info";

/** The values with which a supplier was scored, in the form of a request. */
export interface SupplierAsScored {
  readonly features: Record<string, number>;
  readonly categories: Record<string, string>;
  /** Name and version of the model. */
  readonly model: { readonly modelName: string; readonly modelVersion: string };
  /** Whether the score was computed with a contract text, which is not stored. */
  readonly hasText: boolean;
}

/**
 * Reads the values of a stored score from its contributions. Undefined: the run recorded no values, or no model.
 */
export function supplierAsScored({
  contributions,
  missingFeatures,
  featuresTotal,
  model,
}: Pick<SupplierScore, "contributions" | "missingFeatures" | "featuresTotal"> & {
  readonly model?: Pick<ModelIdentity, "name" | "version"> | undefined;
}): SupplierAsScored | undefined {
  if (!model || featuresTotal === undefined) return undefined;
  const entries = contributions.filter(({ feature }) => !isWord(feature));
  const features = entries.flatMap(({ feature, value }) => (value === undefined ? [] : [[feature, value] as const]));
  const categories = entries.flatMap(({ feature, category }) =>
    category === "" ? [] : [[feature, category] as const],
  );
  if (features.length + categories.length === 0) return undefined;
  return {
    // Object.fromEntries, because a feature may have the name of one of Object's own properties.
    features: Object.fromEntries(features),
    categories: Object.fromEntries(categories),
    model: { modelName: model.name, modelVersion: model.version },
    hasText: contributions.some(({ feature }) => isWord(feature)) && !missingFeatures.includes(TEXT_FEATURE),
  };
}

const isWord = (feature: Contribution["feature"]): boolean => feature.startsWith(`${TEXT_FEATURE}:`);
