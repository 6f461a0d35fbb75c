import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { Reason } from "@bellwether/gen/bellwether/ops/v1/reason_pb";
import type { SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { TEXT_FEATURE } from "@bellwether/reasons/feature-info";
import { MAX_NAMED_REASONS } from "@bellwether/reasons/named-reasons";
import { listed, unitBeside } from "@bellwether/reasons/reason-text";
import { featureText, readerLocales, valueText } from "./format.ts";
import { BAND_WORDS, wordOf } from "./words.ts";

/** What the sentence needs to know about a reason. */
type ReasonFacts = Pick<Reason, "feature" | "contribution" | "unit" | "category" | "typicalCategory" | "text"> & {
  readonly value?: number | undefined;
  readonly typical?: number | undefined;
};

/**
 * Explains a score in one sentence: "High because of 7 past disputes (typical 1) and a stability index of
 * 0.35." A low score is explained by what lowers it.
 */
export function whySentence(
  score: Pick<SupplierScore, "band" | "featuresPresent" | "featuresTotal"> & {
    readonly reasons: readonly ReasonFacts[];
  },
  locales = readerLocales(),
): string {
  const { band, reasons, featuresPresent, featuresTotal } = score;
  const word = wordOf(BAND_WORDS, band);
  if (band === Band.UNKNOWN || band === Band.UNSPECIFIED) {
    const known =
      featuresPresent === undefined || featuresTotal === undefined ? "" : ` (${featuresPresent} of ${featuresTotal})`;
    return `${word}: too few values of this supplier are known${known}, so there is no score.`;
  }
  const sign = band === Band.LOW ? -1 : 1;
  const matching = reasons.filter(({ contribution }) => contribution * sign > 0).slice(0, MAX_NAMED_REASONS);
  if (matching.length === 0) return `${word}: no single value explains the score.`;
  return `${word} because of ${listed(matching.map((reason) => reasonPhrase(reason, locales)))}.`;
}

/**
 * English nouns in the singular. The head noun of any other name can be in any language, for example "Reklamationen":
 * such a name is shown unchanged, without an English article or plural.
 */
const NOUNS = new Set(
  (
    "age amount asset balance category claim complaint contract cost country date day debt defect delay delivery depth " +
    "dispute distance duration exposure hit hour incident income index invoice level liability line margin month name " +
    "number order payment penalty point price profit quality quantity rate rating ratio region return revenue risk sale score " +
    "share size spend status stock supplier tax term time transaction type value variance volume warning week weight year"
  ).split(" "),
);

/** Whether the head noun of a name is a known English one: that of "years of relation" is "years". */
function isEnglish(name: string): boolean {
  const noun = (name.split(" of ", 1)[0] ?? name).split(" ").at(-1)?.toLowerCase() ?? "";
  return NOUNS.has(noun) || NOUNS.has(noun.replace(/s$/, "")) || NOUNS.has(noun.replace(/ies$/, "y"));
}

/**
 * Returns a reason as a part of a sentence: "7 past disputes (typical 1)", "a stability index of 0.35"; with a name that
 * is not known to be English "Reklamationen 7 (typical 1)".
 */
export function reasonPhrase(reason: ReasonFacts, locales = readerLocales()): string {
  const { feature, value, category, typicalCategory, typical, unit, text } = reason;
  const name = featureText(feature);
  if (feature === TEXT_FEATURE) return text || name;
  const english = isEnglish(name);
  if (category !== "") {
    const often = typicalCategory && typicalCategory !== category ? ` (most often ${typicalCategory})` : "";
    return `${english ? "the " : ""}${name} ${category}${often}`;
  }
  if (value === undefined) {
    if (typical === undefined && !typicalCategory) return text || name;
    return english ? `an unknown ${name}` : `${name} not known`;
  }
  const usual = typical === undefined ? "" : ` (typical ${valueText(typical, locales)})`;
  const number = valueText(value, locales);
  if (english && isCount(name, unit, value)) return `${number} ${name}${usual}`;
  // A unit that the name already contains is not repeated: "a stability index of 0.35".
  const besides = unitBeside(name, unit);
  const unitText = besides && ` ${besides}`;
  return english ? `${article(name)}${name} of ${number}${unitText}${usual}` : `${name} ${number}${unitText}${usual}`;
}

/** Whether a value counts what its name says in the plural: "7 past disputes". */
function isCount(name: string, unit: string, value: number): boolean {
  if (!Number.isInteger(value) || value < 0) return false;
  return unit === "" ? isPlural(name) : unitBeside(name, unit) === "" && isPlural(unit);
}

const isPlural = (word: string): boolean => /[^sui]s$/.test(word);

function article(name: string): string {
  // The noun of "years of relation" is its first part.
  if (isPlural(name.split(" of ", 1)[0] ?? name)) return "";
  return /^[aeiou]/i.test(name) ? "an " : "a ";
}
