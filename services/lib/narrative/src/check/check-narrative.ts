import type { Language } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";
import { acceptStrongest, defineFacts, GRAMMARS, STATED } from "../grammar/fact-definitions.ts";
import { parsePattern, spaced } from "../grammar/parse-pattern.ts";
import { accepting, anyOf, exactCase, matchedText, optional, type Phrase, sequence } from "../grammar/phrase.ts";

/** Why a narrative is rejected. */
export type Rejection =
  /** It has no sentences, too many, or one that is too long. */
  | "SIZE"
  /** A sentence says something that is not in the facts, or in another way than a checked sentence can. */
  | "NOT_IN_FACTS"
  /** The score, the band, the strongest reasons or a missing feature is not in it. */
  | "INCOMPLETE";

/** The result of a check: the ids of the facts that each sentence states, or why the narrative is rejected. */
export type NarrativeCheck =
  | { readonly accepted: true; readonly stated: readonly (readonly string[])[] }
  | { readonly accepted: false; readonly rejection: Rejection; readonly sentence: number };

/** Limits of a narrative. */
export const MAX_SENTENCES = 16;
export const MAX_SENTENCE_CHARACTERS = 600;

/**
 * Checks a narrative against the facts. Each sentence must be one of the grammar's sentences with numbers, features,
 * directions, bands and quotes of the facts; no other word, number or mark is accepted. Together the sentences must
 * state the score, its band, the strongest reason of each direction and, if they state anything missing, all of it.
 */
export function checkNarrative(
  sentences: readonly string[],
  supplierId: string,
  facts: NarrativeFacts,
  language: Language,
): NarrativeCheck {
  if (sentences.length === 0 || sentences.length > MAX_SENTENCES) return rejected("SIZE", 0);
  const tooLong = sentences.findIndex(({ length }) => length === 0 || length > MAX_SENTENCE_CHARACTERS);
  if (tooLong >= 0) return rejected("SIZE", tooLong);
  const read = createReader(supplierId, facts, language);
  const stated: string[][] = [];
  const all = new Set<string>();
  for (const [i, sentence] of sentences.entries()) {
    const found = read(sentence);
    if (found === undefined) return rejected("NOT_IN_FACTS", i);
    for (const fact of found) all.add(fact);
    stated.push([...new Set(found.map((fact) => (fact === STATED.band ? STATED.score : fact)))]);
  }
  const needed = [
    STATED.score,
    ...(facts.riskScore === null ? [] : [STATED.band]),
    ...facts.reasons.filter(({ rank }) => rank === 1).map(({ id }) => id),
  ];
  return needed.every((fact) => all.has(fact))
    ? { accepted: true, stated }
    : rejected("INCOMPLETE", sentences.length - 1);
}

const rejected = (rejection: Rejection, sentence: number): NarrativeCheck => ({ accepted: false, rejection, sentence });

/** Returns a function that reads one sentence: the facts that it states. Undefined: the facts do not allow it. */
function createReader(
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
