import { quotesOf, readAnswer, SUPPLIER_MARK } from "../answer/read-answer.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";
import { STATED } from "../grammar/fact-definitions.ts";
import { missingSentence } from "../template/write-template.ts";
import { checkNarrative, type Rejection } from "./check-narrative.ts";

/** Why the answer of a language model is rejected. */
export type AnswerRejection =
  | Rejection
  /** It is not JSON of the expected form. */
  | "FORM"
  /** It is in another language. */
  | "LANGUAGE"
  /** A sentence declares other facts or quotes than it states, or quotes that the contract does not have there. */
  | "REFERENCES";

/** An accepted answer as the sentences to show, or why the template is used instead. */
export type CheckedAnswer =
  | { readonly accepted: true; readonly sentences: readonly string[] }
  | { readonly accepted: false; readonly rejection: AnswerRejection };

/** Characters with which any supported language begins and ends a quote. */
const QUOTED = /["“„»‚‘']([^"“”„»«‚‘’']{1,200})["”“«‘’']/g;

/**
 * Checks the answer of a language model and returns the sentences to show. The text that is checked is the text that
 * is shown, with the id of the supplier. When the answer says nothing about missing features, the template's sentence
 * about them is added.
 */
export function checkAnswer(
  content: string,
  supplierId: string,
  facts: NarrativeFacts,
  language: Language,
): CheckedAnswer {
  const answer = readAnswer(content);
  if (answer === undefined) return rejected("FORM");
  if (answer.language !== language) return rejected("LANGUAGE");
  const sentences = answer.sentences.map(({ text }) => text.replaceAll(SUPPLIER_MARK, () => supplierId));
  const check = checkNarrative(sentences, supplierId, facts, language);
  if (!check.accepted) return rejected(check.rejection);
  const known = quotesOf(facts);
  for (const [i, { text, facts: declared, quotes }] of answer.sentences.entries()) {
    const stated = check.stated[i] ?? [];
    if (new Set(declared).size !== stated.length || !stated.every((id) => declared.includes(id)))
      return rejected("REFERENCES");
    const isKnown = quotes.every((quote) =>
      known.some(({ text, start, end }) => quote.text === text && quote.start === start && quote.end === end),
    );
    const shown = [...text.matchAll(QUOTED)].map(([, words = ""]) => words).filter((words) => isQuote(words, known));
    if (!isKnown || !shown.every((words) => quotes.some((quote) => quote.text === words)))
      return rejected("REFERENCES");
  }
  const saysMissing = check.stated.some((ids) => ids.includes(STATED.missing));
  return {
    accepted: true,
    sentences: saysMissing ? sentences : [...sentences, ...missingSentence(facts.missing, language)],
  };
}

const isQuote = (words: string, known: readonly { readonly text: string }[]): boolean =>
  known.some(({ text }) => text === words);

const rejected = (rejection: AnswerRejection): CheckedAnswer => ({ accepted: false, rejection });
