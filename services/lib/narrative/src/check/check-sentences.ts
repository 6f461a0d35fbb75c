import { type AnswerSentence, quotesOf } from "../answer/read-answer.ts";
import { createClaimCheck } from "../claims/check-claims.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";
import { acceptStrongest, defineFacts, GRAMMARS, STATED } from "../grammar/fact-definitions.ts";
import { parsePattern, spaced } from "../grammar/parse-pattern.ts";
import { accepting, anyOf, exactCase, matchedText, optional, type Phrase, sequence } from "../grammar/phrase.ts";

/** Why a sentence is rejected. */
export type SentenceRejection =
  /** It is empty or too long. */
  | "SIZE"
  /** It says something that is not in the facts, or in another way than a checked sentence can. */
  | "NOT_IN_FACTS"
  /** It declares other facts or quotes than it states, or quotes that the contract does not have there. */
  | "REFERENCES";

/** The result of the check of one sentence. */
export type CheckedSentence =
  | {
      readonly accepted: true;
      /** The sentence to show, with the supplier's id. */
      readonly text: string;
      /** Ids of the facts that it states; `STATED.band` when it states the band. */
      readonly stated: readonly string[];
    }
  | { readonly accepted: false; readonly rejection: SentenceRejection };

/** Maximum number of characters of a sentence. */
export const MAX_SENTENCE_CHARACTERS = 600;

/** Characters with which any supported language begins and ends a quote. */
const QUOTED = /["“„»‚‘']([^"“”„»«‚‘’']{1,200})["”“«‘’']/g;

const rejected = (rejection: SentenceRejection): CheckedSentence => ({ accepted: false, rejection });

/**
 * Returns a function that checks one sentence of an answer. It is accepted when it is a sentence of the grammar of its
 * language, or when all its words are in the lexicon of the language and all its claims are those of the facts. It is
 * shown as it was checked, with the supplier's id.
 */
export function createSentenceCheck(
  supplierId: string,
  facts: NarrativeFacts,
  language: Language,
  mark: string,
): (sentence: AnswerSentence) => CheckedSentence {
  const parse = createGrammarCheck(supplierId, facts, language);
  const readClaims = createClaimCheck(facts, language);
  const known = quotesOf(facts);
  return ({ text: written, facts: declared, quotes }) => {
    const bare = written.replace(/^[-–•*] /, "");
    // A bullet is no statement: the sentence is shown without it.
    if (bare.length === 0 || bare.length > MAX_SENTENCE_CHARACTERS) return rejected("SIZE");
    const text = bare.replaceAll(mark, () => supplierId);
    const stated = parse(text) ?? readClaims(bare);
    if (stated === undefined) return rejected("NOT_IN_FACTS");
    const ids = new Set(stated.map((fact) => (fact === STATED.band ? STATED.score : fact)));
    if (new Set(declared).size !== ids.size || !declared.every((id) => ids.has(id))) return rejected("REFERENCES");
    const areKnown = quotes.every((quote) =>
      known.some(({ text, start, end }) => quote.text === text && quote.start === start && quote.end === end),
    );
    const shown = [...bare.matchAll(QUOTED)]
      .map(([, words = ""]) => words)
      .filter((words) => known.some((quote) => quote.text === words));
    if (!areKnown || !shown.every((words) => quotes.some((quote) => quote.text === words)))
      return rejected("REFERENCES");
    return { accepted: true, text, stated };
  };
}

/** Returns a function that reads a sentence of the grammar: the facts that it states. Undefined: it is none. */
function createGrammarCheck(
  supplierId: string,
  facts: NarrativeFacts,
  language: Language,
): (sentence: string) => readonly string[] | undefined {
  const grammar = GRAMMARS[language];
  const definitions = defineFacts(supplierId, facts, language);
  const parse = (pattern: string): Phrase => parsePattern(pattern, definitions);
  const clause = accepting(
    anyOf(
      [
        ...grammar.clauses,
        "{comparison}",
        ...(facts.riskScore === null ? grammar.predictions : grammar.scores),
        ...grammar.missing,
      ].map(parse),
    ),
    (stated) => acceptStrongest(stated, facts),
  );
  const led = sequence([optional(parse(grammar.leads)), clause]);
  const further = sequence([parse(grammar.separators), led]);
  const whole = sequence([led, optional(further), optional(further), exactCase(".")]);
  return (sentence) => {
    const input = matchedText(spaced(sentence));
    return input && whole(input, 0).find(({ end }) => end === input.text.length)?.facts;
  };
}
