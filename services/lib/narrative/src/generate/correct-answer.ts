import { type Answer, readAnswer, writeAnswer } from "../answer/read-answer.ts";
import { MAX_SENTENCES } from "../check/check-answer.ts";
import { checkSentences } from "../check/check-sentences.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";
import type { Prompt } from "./language-model.ts";
import { type FailedSentence, writeCorrection } from "./write-prompt.ts";

/** What is wrong with an answer, as far as a second request can mend it. */
interface Failures {
  /** Undefined: it has not the form of an answer in the language. */
  readonly answer: Answer | undefined;
  /** Positions of the sentences that do not pass the check. */
  readonly failed: readonly number[];
  readonly reasons: readonly FailedSentence[];
}

function failuresOf(content: string, facts: NarrativeFacts, language: Language): Failures {
  const answer = readAnswer(content);
  const isUsable =
    answer?.language === language && answer.sentences.length > 0 && answer.sentences.length <= MAX_SENTENCES;
  if (answer === undefined || !isUsable) return { answer: undefined, failed: [], reasons: [] };
  const checked = checkSentences(answer.sentences, facts, language);
  const failed = checked.flatMap((sentence, i) => (sentence.accepted ? [] : [i]));
  const reasons = checked.flatMap((sentence, i) =>
    sentence.accepted ? [] : [{ text: answer.sentences[i]?.text ?? "", problem: sentence.problem }],
  );
  return { answer, failed, reasons };
}

/** Returns the second request about an answer. Undefined: nothing of it fails. */
export function correctionOf(
  prompt: Prompt,
  content: string,
  facts: NarrativeFacts,
  language: Language,
): Prompt | undefined {
  const { answer, reasons } = failuresOf(content, facts, language);
  return answer !== undefined && reasons.length === 0 ? undefined : writeCorrection(prompt, content, reasons);
}

/** What came of a second request. */
export interface Correction {
  /** The answer with its corrected sentences; the first answer where nothing was corrected. */
  readonly content: string;
  /** WHOLE: all sentences pass now. PART: some that failed pass now. NOTHING: none. */
  readonly result: "WHOLE" | "PART" | "NOTHING";
}

/** Puts the sentences of a second answer in the place of those that failed, where they pass the check. */
export function mergeCorrection(first: string, second: string, facts: NarrativeFacts, language: Language): Correction {
  const { answer, failed } = failuresOf(first, facts, language);
  const corrected = failuresOf(second, facts, language);
  if (answer === undefined) {
    if (corrected.answer === undefined) return { content: first, result: "NOTHING" };
    return { content: second, result: corrected.failed.length === 0 ? "WHOLE" : "PART" };
  }
  const written = readAnswer(second)?.sentences ?? [];
  // Other sentences than the ones that were asked for have no place.
  if (written.length !== failed.length) return { content: first, result: "NOTHING" };
  const sentences = answer.sentences.map((sentence, i) => written[failed.indexOf(i)] ?? sentence);
  const content = writeAnswer({ language, sentences });
  const left = failuresOf(content, facts, language).failed.length;
  if (left >= failed.length) return { content: first, result: "NOTHING" };
  return { content, result: left === 0 ? "WHOLE" : "PART" };
}
