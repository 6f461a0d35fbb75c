import { type AnswerSentence, readAnswer } from "../answer/read-answer.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";
import { missingSentence, reasonsSentence, scoreSentence } from "../template/write-template.ts";
import { checkSentences, fillSentence, type SentenceRejection, STATED } from "./check-sentences.ts";

/** Why the answer of a language model, or a sentence of it, is rejected. */
export type AnswerRejection =
  | SentenceRejection
  /** It is not JSON of the expected form. */
  | "FORM"
  /** It is in another language. */
  | "LANGUAGE"
  /** The score, its band or the strongest reason of a direction is not in it. */
  | "INCOMPLETE";

/** A sentence to show. */
export interface ShownSentence {
  readonly text: string;
  /** Whether it is a sentence of the template. */
  readonly isTemplate: boolean;
}

/** An accepted answer as the sentences to show, or why the template is used instead. */
export type CheckedAnswer =
  | {
      readonly accepted: true;
      readonly sentences: readonly ShownSentence[];
      /** Number of sentences of the answer that are not shown. */
      readonly rejectedSentences: number;
      /** The first rule that a sentence breaks. Undefined: the answer is shown whole. */
      readonly rejection: AnswerRejection | undefined;
    }
  | { readonly accepted: false; readonly rejection: AnswerRejection };

/** At least one sentence of this number must pass, otherwise hardly anything of the answer would be shown. */
const MIN_ACCEPTED_PART = 3;

/** Maximum number of sentences of an answer. */
export const MAX_SENTENCES = 16;

const rejectedAnswer = (rejection: AnswerRejection): CheckedAnswer => ({ accepted: false, rejection });

/**
 * Checks the answer of a language model and returns the sentences to show. A sentence that does not pass the check is
 * replaced by the template's sentence about the facts that it declares. What the answer does not say of the score, the
 * strongest reasons and the missing features is added from the template. When fewer than a third of its sentences pass,
 * or its form is wrong, the answer is not used.
 */
export function checkAnswer(
  content: string,
  supplierId: string,
  facts: NarrativeFacts,
  language: Language,
): CheckedAnswer {
  const answer = readAnswer(content);
  if (answer === undefined) return rejectedAnswer("FORM");
  if (answer.language !== language) return rejectedAnswer("LANGUAGE");
  const { sentences } = answer;
  if (sentences.length === 0 || sentences.length > MAX_SENTENCES) return rejectedAnswer("SIZE");
  const checked = checkSentences(sentences, facts, language);
  const failed = checked.filter((sentence) => !sentence.accepted);
  if (failed.length * MIN_ACCEPTED_PART > sentences.length * (MIN_ACCEPTED_PART - 1))
    return rejectedAnswer(failed[0]?.rejection ?? "NOT_IN_FACTS");

  const said = new Set(checked.flatMap((sentence) => (sentence.accepted ? sentence.stated : [])));
  const replaceWith = createReplacements(supplierId, facts, language, said);
  const shown: ShownSentence[] = checked.flatMap((sentence, i) =>
    sentence.accepted
      ? [{ text: fillSentence(sentence.text, supplierId, facts, language), isTemplate: false }]
      : replaceWith(sentences[i]?.facts ?? []),
  );
  const saysScore = said.has(STATED.score) && (facts.riskScore === null || said.has(STATED.band));
  const unsaid = [
    ...(saysScore ? [] : [STATED.score]),
    ...facts.reasons.filter(({ rank, id }) => rank === 1 && !said.has(id)).map(({ id }) => id),
  ];
  const first = replaceWith(unsaid.filter((id) => id === STATED.score));
  const last = replaceWith(unsaid.filter((id) => id !== STATED.score));
  // That the answer leaves the missing features out is no fault of it.
  const missing = said.has(STATED.missing) ? [] : missingSentence(facts.missing, language);
  return {
    accepted: true,
    sentences: [...first, ...shown, ...last, ...missing.map((text) => ({ text, isTemplate: true }))],
    rejectedSentences: failed.length,
    rejection: failed[0]?.rejection ?? (unsaid.length > 0 ? "INCOMPLETE" : undefined),
  };
}

/**
 * Returns a function that returns the template's sentences about facts that nothing has said yet, and remembers them
 * as said.
 */
function createReplacements(
  supplierId: string,
  facts: NarrativeFacts,
  language: Language,
  said: Set<string>,
): (declared: AnswerSentence["facts"]) => ShownSentence[] {
  return (declared) => {
    const isUnsaid = (id: string): boolean => declared.includes(id) && !said.has(id);
    const isScoreUnsaid =
      declared.includes(STATED.score) &&
      !(said.has(STATED.score) && (facts.riskScore === null || said.has(STATED.band)));
    const reasons = facts.reasons.filter(({ id }) => isUnsaid(id));
    const texts = [
      ...(isScoreUnsaid ? [scoreSentence(supplierId, facts, language)] : []),
      ...(["increases", "lowers"] as const).flatMap((direction) =>
        reasonsSentence(
          reasons.filter((reason) => reason.direction === direction),
          direction,
          language,
        ),
      ),
      ...(isUnsaid(STATED.missing) ? missingSentence(facts.missing, language) : []),
    ];
    for (const id of [...declared, ...(isScoreUnsaid ? [STATED.band] : [])]) said.add(id);
    return texts.map((text) => ({ text, isTemplate: true }));
  };
}
