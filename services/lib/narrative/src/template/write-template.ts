import { listed } from "@bellwether/reasons/reason-text";
import { localNumber, localScore } from "../facts/fact-text.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { localQuantity } from "../facts/quantity-text.ts";
import { PHRASES, type Phrases } from "./phrases.ts";

/**
 * Describes a score in sentences, from its facts only: the score, what increases it, what lowers it, what is missing.
 * Each feature is shown with its value, unit and typical value. Equal facts have equal sentences.
 */
export function writeTemplate(supplierId: string, facts: NarrativeFacts, language: Language): string[] {
  const { riskScore, prediction, reasons, missing } = facts;
  const phrases = PHRASES[language];
  if (riskScore === null && prediction === null) return [phrases.noScore(supplierId)];
  const texts = (direction: ReasonFact["direction"]): string[] =>
    reasons
      .filter((reason) => reason.direction === direction)
      .map((reason) => reasonText(reason, phrases, language, missing));
  const increasing = texts("increases");
  const lowering = texts("lowers");
  return [
    scoreSentence(supplierId, facts, language),
    ...(increasing.length > 0 ? [phrases.increased(listed(increasing, phrases.and))] : []),
    ...(lowering.length > 0 ? [phrases.lowered(listed(lowering, phrases.and))] : []),
    ...missingSentence(missing, language),
  ];
}

/** Returns the sentence about the score and its band, or about the number of a regressor. */
export function scoreSentence(
  supplierId: string,
  { riskScore, prediction, band }: NarrativeFacts,
  language: Language,
): string {
  const phrases = PHRASES[language];
  return riskScore === null
    ? phrases.prediction(supplierId, localNumber(prediction ?? 0, language))
    : phrases.score(supplierId, localScore(riskScore, language), phrases.bands[band]);
}

/** Returns the sentence about some reasons of one direction; none when there are none. */
export function reasonsSentence(
  reasons: readonly ReasonFact[],
  direction: ReasonFact["direction"],
  language: Language,
  missing: readonly string[],
): string[] {
  if (reasons.length === 0) return [];
  const phrases = PHRASES[language];
  const list = listed(
    reasons.map((reason) => reasonText(reason, phrases, language, missing)),
    phrases.and,
  );
  return [direction === "increases" ? phrases.alsoIncreased(list) : phrases.alsoLowered(list)];
}

/** Returns the sentence that names the missing features; none when nothing is missing. */
export function missingSentence(missing: readonly string[], language: Language): string[] {
  const phrases = PHRASES[language];
  return missing.length === 0 ? [] : [phrases.missing(listed(missing, phrases.and))];
}

/**
 * Returns a reason as a clause: the feature with its value, unit and typical value.
 * @param missing names of the features without a value: a text has no value, so that only they say that it is not known
 */
function reasonText(reason: ReasonFact, phrases: Phrases, language: Language, missing: readonly string[]): string {
  const { label, value, unit, typical, category, typicalCategory, quotes } = reason;
  if (quotes.length > 0)
    return `${label} (${phrases.words(quotes.map(({ text }) => phrases.quoted(text)).join(", "))})`;
  if (category !== "")
    return `${label} (${category}${typicalCategory === "" || typicalCategory === category ? "" : `, ${phrases.mostOften} ${typicalCategory}`})`;
  const usual = typical === null ? "" : `, ${phrases.typical} ${localNumber(typical, language)}`;
  if (value === null && typical === null && !missing.includes(label)) return label;
  if (value === null) return `${label} (${phrases.notKnown}${usual})`;
  return `${label} (${localQuantity(value, unit, language)}${usual})`;
}
