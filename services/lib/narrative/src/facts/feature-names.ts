import type { FeatureInfo } from "@bellwether/reasons/feature-info";
import { featureText, unitBeside } from "@bellwether/reasons/reason-text";
import type { Reason } from "@bellwether/reasons/select-reasons";
import { nameText, unitText } from "./data-text.ts";
import type { Language } from "./language.ts";

/** Names and units of features in the language of a narrative. */
export interface FeatureNames {
  /** Returns the name of a feature for people, for example "late ratio". */
  readonly nameOf: (feature: string) => string;
  /** Returns the unit of a reason's value; "" when none is declared, and where it is a word of the name. */
  readonly unitOf: (reason: Pick<Reason, "feature" | "unit">) => string;
}

/**
 * Returns the names and units of a model's features in a language, as a sentence shows them. Without a declared text in
 * that language, they are those of the configuration, which are in English. Features of one name have the name of their
 * column behind it, so that each name is that of one feature.
 */
export function featureNames(features: readonly Pick<FeatureInfo, "name" | "de">[], language: Language): FeatureNames {
  const german = new Map(language === "de" ? features.map(({ name, de }) => [name, de]) : []);
  const declared = (feature: string): string => german.get(feature)?.name ?? featureText(feature);
  const counts = new Map<string, number>();
  for (const { name } of features) {
    const key = sameFor(declared(name));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return {
    nameOf(feature) {
      const name = declared(feature);
      const isShared = (counts.get(sameFor(name)) ?? 0) > 1;
      return `${nameText(name, language)}${isShared ? ` [${nameText(feature, language)}]` : ""}`;
    },
    unitOf({ feature, unit }) {
      if (unit === "") return "";
      return unitText(unitBeside(declared(feature), german.get(feature)?.unit ?? unit), language);
    },
  };
}

/** Returns the same text for all names that a reader takes for one. */
const sameFor = (name: string): string => name.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
