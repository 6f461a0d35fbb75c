import type { FeatureInfo } from "@bellwether/reasons/feature-info";
import { featureText, unitBeside } from "@bellwether/reasons/reason-text";
import type { Reason } from "@bellwether/reasons/reasons";
import type { Language } from "./language.ts";

/** Names and units of features in the language of a narrative. */
export interface FeatureNames {
  /** Returns the name of a feature for people, for example "late ratio". */
  readonly nameOf: (feature: string) => string;
  /** Returns the unit of a reason's value; "" when none is declared, and where the name ends with it. */
  readonly unitOf: (reason: Pick<Reason, "feature" | "unit">) => string;
}

/**
 * Returns the names and units of a model's features in a language. Without a declared text in that language, they are
 * those of the configuration, which are in English.
 */
export function featureNames(features: readonly Pick<FeatureInfo, "name" | "de">[], language: Language): FeatureNames {
  const german = new Map(language === "de" ? features.map(({ name, de }) => [name, de]) : []);
  const nameOf = (feature: string): string => german.get(feature)?.name ?? featureText(feature);
  return {
    nameOf,
    unitOf: ({ feature, unit }) => (unit === "" ? "" : unitBeside(nameOf(feature), german.get(feature)?.unit ?? unit)),
  };
}
