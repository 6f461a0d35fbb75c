import { type AnswerSentence, readAnswer } from "../answer/read-answer.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";
import { createClaimRenderer } from "../render/render-claims.ts";
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

/** Who chose the words of a sentence: the language model, the service from checked claims, or the template. */
export type SentenceWording = "model" | "service" | "template";

/** A sentence to show. */
export interface ShownSentence {
  readonly text: string;
  readonly wording: SentenceWording;
}

/** An accepted answer as the sentences to show, or why the template is used instead. */
export type CheckedAnswer =
  | {
      readonly accepted: true;
      readonly sentences: readonly ShownSentence[];
      /** Number of sentences of the answer that are not shown. */
      readonly rejectedSentences: number;
      /** The first rule that a sentence breaks. Undefined: all that the answer states is shown. */
      readonly rejection: AnswerRejection | undefined;
    }
  | { readonly accepted: false; readonly rejection: AnswerRejection };

/** Of an answer without claims, at least one sentence of this number must pass: hardly anything would be shown. */
const MIN_ACCEPTED_PART = 3;

/** Maximum number of sentences of an answer. */
export const MAX_SENTENCES = 16;

const rejectedAnswer = (rejection: AnswerRejection): CheckedAnswer => ({ accepted: false, rejection });

/**
 * Checks the answer of a language model and returns the sentences to show. The claims of a sentence that are true are
 * shown: in the words of the answer where these say exactly the claims, else in the words of the service. A sentence
 * that does not pass the check is replaced by the template's sentence about the facts that it names. What the answer
 * does not say of the score, the strongest reasons and the missing features is added from the template. When no
 * sentence passes (without claims: fewer than a third), or its form is wrong, the answer is not used.
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
  const hasClaims = sentences.some(({ claims }) => claims !== undefined);
  const least = hasClaims ? 1 : sentences.length / MIN_ACCEPTED_PART;
  if (sentences.length - failed.length < least) return rejectedAnswer(failed[0]?.rejection ?? "NOT_IN_FACTS");

  const said = new Set(checked.flatMap((sentence) => (sentence.accepted ? sentence.stated : [])));
  const replaceWith = createReplacements(supplierId, facts, language, said);
  const renderer = createClaimRenderer(supplierId, facts, language);
  const shown: ShownSentence[] = checked.flatMap((sentence, i) => {
    if (!sentence.accepted) return replaceWith(factsOf(sentences[i]));
    if (sentence.text === undefined)
      return renderer.render(sentence.claims).map((text): ShownSentence => ({ text, wording: "service" }));
    renderer.skip(sentence.claims);
    return [{ text: fillSentence(sentence.text, supplierId, facts, language), wording: "model" }];
  });
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
    sentences: [
      ...first,
      ...distinct(shown),
      ...last,
      ...missing.map((text): ShownSentence => ({ text, wording: "template" })),
    ],
    rejectedSentences: failed.length,
    rejection: failed[0]?.rejection ?? (unsaid.length > 0 ? "INCOMPLETE" : undefined),
  };
}

/** Leaves out sentences that the service has worded before in the same way. */
const distinct = (sentences: readonly ShownSentence[]): readonly ShownSentence[] =>
  sentences.filter(
    ({ text, wording }, i) => wording === "model" || sentences.findIndex((other) => other.text === text) === i,
  );

/** Returns the facts that a sentence names: of quotes their reason, of single missing features all. */
const factsOf = (sentence: AnswerSentence | undefined): readonly string[] =>
  (sentence?.facts ?? []).map((id) => (/^m\d+$/.test(id) ? STATED.missing : (id.split("@")[0] ?? id)));

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
          facts.missing,
        ),
      ),
      ...(isUnsaid(STATED.missing) ? missingSentence(facts.missing, language) : []),
    ];
    for (const id of [...declared, ...(isScoreUnsaid ? [STATED.band] : [])]) said.add(id);
    return texts.map((text): ShownSentence => ({ text, wording: "template" }));
  };
}
