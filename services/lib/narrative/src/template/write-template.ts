import { listed } from "@bellwether/reasons/reason-text";
import type { ContractQuote } from "../facts/contract-quotes.ts";
import { dataText, quotedText } from "../facts/data-text.ts";
import { localNumber, localScore } from "../facts/fact-text.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { localQuantity } from "../facts/quantity-text.ts";
import { areFirst, isMissing } from "../facts/reason-values.ts";
import { PHRASES, type Phrases } from "./phrases.ts";

/**
 * Describes a score in sentences, from its facts only: the score, what increases it, what lowers it, what is missing.
 * Each feature is shown with its value, unit and typical value. Equal facts have equal sentences.
 */
export function writeTemplate(supplierId: string, facts: NarrativeFacts, language: Language): string[] {
  const { riskScore, prediction, band, bandLimits, reasons, missing } = facts;
  const phrases = PHRASES[language];
  const supplier = dataText(supplierId, language);
  if (riskScore === null && prediction === null)
    return [missing.length > 0 ? phrases.tooLittleData(supplier) : phrases.noScore(supplier)];
  const texts = (direction: ReasonFact["direction"]): string[] =>
    reasons
      .filter((reason) => reason.direction === direction)
      .map((reason) => reasonText(reason, phrases, language, missing));
  const areStrongest = (direction: ReasonFact["direction"]): boolean =>
    areFirst(reasons.filter((reason) => reason.direction === direction).map(({ rank }) => rank));
  const increasing = texts("increases");
  const lowering = texts("lowers");
  return [
    riskScore === null
      ? phrases.prediction(supplier, localNumber(prediction ?? 0, language))
      : phrases.score(supplier, localScore(riskScore, language, bandLimits), phrases.bands[band]),
    ...(increasing.length > 0 ? [phrases.increased(listed(increasing, phrases.and), areStrongest("increases"))] : []),
    ...(lowering.length > 0 ? [phrases.lowered(listed(lowering, phrases.and), areStrongest("lowers"))] : []),
    ...(missing.length > 0 ? [phrases.missing(listed(missing, phrases.and))] : []),
  ];
}

/** What `valuesText` shows of a feature. */
export type ValuesFact = Pick<ReasonFact, "label" | "value" | "unit" | "typical" | "category" | "typicalCategory">;

/** Returns the words of the contract that the template quotes: all of the facts, where there is a score. */
export const quotesOfTemplate = ({ riskScore, prediction, reasons }: NarrativeFacts): readonly ContractQuote[] =>
  riskScore === null && prediction === null ? [] : reasons.flatMap(({ quotes }) => quotes);

/**
 * Returns a reason as a clause: the feature with its value, unit and typical value.
 * @param missing names of the features without a value: a text has no value, so that only they say that it is not known
 */
function reasonText(reason: ReasonFact, phrases: Phrases, language: Language, missing: readonly string[]): string {
  const { label, quotes } = reason;
  if (quotes.length > 0)
    return `${label} (${phrases.words(quotes.map(({ text }) => quotedText(text, language)).join(", "))})`;
  if (reason.isNotSent) return `${label} (${phrases.notSent})`;
  if (reason.isAbsence) return `${label} (${phrases.absentWords})`;
  return valuesText(reason, phrases, language, isMissing(reason, missing));
}

/**
 * Returns a feature with its value, unit and typical value, or with its category.
 * @param isUnknown whether to say that the value is not known, where no typical value says it
 */
export function valuesText(
  { label, value, unit, typical, category, typicalCategory }: ValuesFact,
  phrases: Pick<Phrases, "mostOften" | "typical" | "notKnown">,
  language: Language,
  isUnknown: boolean,
): string {
  if (category !== "") {
    const often = typicalCategory === "" || typicalCategory === category ? "" : dataText(typicalCategory, language);
    return `${label} (${dataText(category, language)}${often === "" ? "" : `, ${phrases.mostOften} ${often}`})`;
  }
  const usual = typical === null ? "" : `, ${phrases.typical} ${localNumber(typical, language)}`;
  if (value !== null) return `${label} (${localQuantity(value, unit, language)}${usual})`;
  return typical === null && !isUnknown ? label : `${label} (${phrases.notKnown}${usual})`;
}
