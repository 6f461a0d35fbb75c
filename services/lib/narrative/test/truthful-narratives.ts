import type { Answer, AnswerSentence } from "../src/answer/read-answer.ts";
import type { Language } from "../src/facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../src/facts/narrative-facts.ts";
import type { Draw } from "./draw-facts.ts";

/*
 * Writes truthful answers about drawn facts, which the lies change. How much of free wordings is shown is measured with
 * the held-out files, not with these.
 */

type Pattern = Readonly<Record<Language, readonly string[]>>;

const SCORES: Pattern = {
  en: [
    "{supplier} has a risk score of {score}, which is {band}.",
    "With a risk score of {score}, {supplier} falls into the {band} band.",
    "The risk of {supplier} is {percent}, which is {band}.",
    "The model rates {supplier} as {band}, with a score of {score}.",
  ],
  de: [
    "{supplier} hat einen Risikowert von {score}, das ist {band}.",
    "Mit einem Risikowert von {score} liegt {supplier} in der Stufe {band}.",
    "Das Risiko von {supplier} beträgt {percent} und ist {band}.",
    "Das Modell stuft {supplier} mit {score} als {band} ein.",
  ],
};
/** LIST stands for the reasons; one with a value has it behind its name. */
const UPS: Pattern = {
  en: [
    "The risk is increased most by LIST.",
    "Risk drivers: LIST.",
    "LIST contribute to the higher score.",
    "What raises the score most is LIST.",
    "The score is pushed up mainly by LIST.",
  ],
  de: [
    "Das Risiko wird am stärksten durch LIST erhöht.",
    "Risikotreiber: LIST.",
    "LIST tragen zu einem höheren Risiko bei.",
    "Am meisten erhöhen LIST das Risiko.",
    "Das Risiko steigt durch LIST.",
  ],
};
const DOWNS: Pattern = {
  en: [
    "The risk is lowered most by LIST.",
    "Mitigating factors: LIST.",
    "LIST speak for the supplier.",
    "What lowers the score most is LIST.",
    "The score is brought down by LIST.",
  ],
  de: [
    "Das Risiko wird am stärksten durch LIST gesenkt.",
    "Entlastend: LIST.",
    "LIST sprechen für den Lieferanten.",
    "Am meisten senken LIST das Risiko.",
    "Das Risiko sinkt durch LIST.",
  ],
};
const COMPARED: Pattern = {
  en: ["NAME is VALUE, COMPARED.", "At VALUE, NAME is COMPARED.", "NAME is VALUE, where TYPICAL is typical."],
  de: ["NAME liegt mit VALUE COMPARED.", "NAME beträgt VALUE, typisch sind TYPICAL."],
};
const MISSING: Pattern = {
  en: ["Not known: {missing}.", "There is no data on {missing}."],
  de: ["Nicht bekannt: {missing}.", "Zu {missing} gibt es keine Daten."],
};

/** Writes a truthful answer about facts. */
export function writeTruthful(facts: NarrativeFacts, language: Language, draw: Draw): Answer {
  const pick = (pattern: Pattern): string => draw.pick(pattern[language]);
  const about = (reasons: readonly ReasonFact[], patterns: Pattern): AnswerSentence[] => {
    if (reasons.length === 0) return [];
    const text = pick(patterns).replace("LIST", listOf(reasons, language, draw));
    return [{ text, facts: reasons.map(({ id }) => id) }];
  };
  const ups = facts.reasons.filter(({ direction }) => direction === "increases");
  const downs = facts.reasons.filter(({ direction }) => direction === "lowers");
  const compared = facts.reasons.find(({ value, typical }) => value !== null && typical !== null);
  return {
    language,
    sentences: [
      { text: pick(SCORES), facts: ["score"] },
      ...about(ups, UPS),
      ...about(downs, DOWNS),
      ...(compared ? [{ text: comparison(compared, pick(COMPARED)), facts: [compared.id] }] : []),
      ...(facts.missing.length > 0 ? [{ text: pick(MISSING), facts: ["missing"] }] : []),
    ],
  };
}

const comparison = ({ id }: ReasonFact, pattern: string): string =>
  pattern.replace(/NAME|VALUE|TYPICAL|COMPARED/g, (kind) => `{${kind.toLowerCase()}:${id}}`);

function listOf(reasons: readonly ReasonFact[], language: Language, draw: Draw): string {
  const parts = reasons.map(({ id, value, typical, quotes }) => {
    if (quotes.length > 0) return language === "de" ? `die Wörter {quotes:${id}}` : `the words {quotes:${id}}`;
    if (value === null) return `{name:${id}}`;
    const word = language === "de" ? "typisch" : "typical";
    const withTypical = typical === null ? "" : `, ${word} {typical:${id}}`;
    return draw.pick([`{name:${id}}`, `{name:${id}} ({value:${id}}${withTypical})`]);
  });
  const last = parts.at(-1) ?? "";
  return parts.length === 1 ? last : `${parts.slice(0, -1).join(", ")} ${language === "de" ? "und" : "and"} ${last}`;
}
