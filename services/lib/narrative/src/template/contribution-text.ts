import type { FeatureContribution, FeatureFacts } from "@bellwether/reasons/feature-info";
import { dataText } from "../facts/data-text.ts";
import { localNumber } from "../facts/fact-text.ts";
import type { FeatureNames } from "../facts/feature-names.ts";
import type { Language } from "../facts/language.ts";
import { PHRASES } from "./phrases.ts";
import { valuesText } from "./write-template.ts";

/**
 * Returns a contribution in words of a language: the feature with its value, unit and typical value, as narratives show
 * it. The templates of the configuration (`wording`) are in English, so they are not used here.
 * @param textFeature Name of the text feature, whose words are contributions of their own; "": the model has none.
 */
export function localContributionText(
  { feature, value, category }: Pick<FeatureContribution, "feature" | "value" | "category">,
  { unit, typical, typicalCategory }: FeatureFacts,
  names: FeatureNames,
  language: Language,
  textFeature: string,
): string {
  if (textFeature !== "" && feature.startsWith(`${textFeature}:`)) {
    const word = dataText(feature.slice(textFeature.length + 1), language);
    return `${names.nameOf(textFeature)}: ${word}${value === null ? "" : ` (${localNumber(value, language)})`}`;
  }
  const fact = {
    label: names.nameOf(feature),
    unit: names.unitOf({ feature, unit }),
    value,
    typical,
    category,
    typicalCategory,
  };
  return valuesText(fact, PHRASES[language], language, false);
}
