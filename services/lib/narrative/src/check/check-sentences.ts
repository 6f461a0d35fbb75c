import { PLACEHOLDER, placeholderText, readPlaceholder } from "../answer/placeholders.ts";
import type { AnswerSentence } from "../answer/read-answer.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";
import { checkProse, NO_CONTEXT, type ProseContext } from "../prose/check-prose.ts";

/** Why a sentence is rejected. */
export type SentenceRejection =
  /** It is empty or too long. */
  | "SIZE"
  /** Its words claim something that is not in the facts, or that cannot be checked. */
  | "NOT_IN_FACTS"
  /** It has a placeholder that does not exist, or for which the facts have nothing. */
  | "REFERENCES";

/** Facts that sentences can state, beside the ids of reasons. */
export const STATED = { score: "score", band: "band", missing: "missing" } as const;

/** The result of the check of one sentence. */
export type CheckedSentence =
  | {
      readonly accepted: true;
      /** The sentence with its placeholders, without a bullet. */
      readonly text: string;
      /** Ids of the reasons that it names, and facts of `STATED`. */
      readonly stated: readonly string[];
    }
  | {
      readonly accepted: false;
      readonly rejection: SentenceRejection;
      /** What is wrong, in words for the language model. It can have words of the answer. */
      readonly problem: string;
    };

/** Maximum number of characters of a sentence. */
export const MAX_SENTENCE_CHARACTERS = 600;

/**
 * Checks the sentences of an answer, in their order: a pronoun is read as the features of the sentence before, where
 * that one is shown.
 */
export function checkSentences(
  sentences: readonly AnswerSentence[],
  facts: NarrativeFacts,
  language: Language,
): readonly CheckedSentence[] {
  let context: ProseContext = NO_CONTEXT;
  return sentences.map(({ text: written }): CheckedSentence => {
    // A bullet is no statement: the sentence is shown without it.
    const text = written.replace(/^[-–•*] /, "").trim();
    if (text.length === 0 || text.length > MAX_SENTENCE_CHARACTERS) {
      context = NO_CONTEXT;
      return { accepted: false, rejection: "SIZE", problem: "the sentence is empty or too long" };
    }
    const checked = checkProse(text, facts, language, context);
    if (checked.problem !== undefined) {
      context = NO_CONTEXT;
      const { problem, isReference } = checked;
      return { accepted: false, rejection: isReference ? "REFERENCES" : "NOT_IN_FACTS", problem };
    }
    context = checked.context;
    const stated = [
      ...(checked.saysScore ? [STATED.score] : []),
      ...(checked.saysBand ? [STATED.band] : []),
      ...(checked.saysMissing ? [STATED.missing] : []),
      ...checked.names.map(({ id }) => id),
    ];
    return { accepted: true, text, stated };
  });
}

/** Writes the formatted facts for the placeholders of an accepted sentence; it begins with a capital letter. */
export function fillSentence(text: string, supplierId: string, facts: NarrativeFacts, language: Language): string {
  return text.replace(
    new RegExp(PLACEHOLDER.source, "g"),
    (whole, kind: string, ids: string | undefined, at: number) => {
      const placeholder = readPlaceholder(kind, ids, facts);
      if (placeholder === undefined) return whole;
      const shown = placeholderText(placeholder, supplierId, facts, language);
      const isFirst = at === 0 && kind !== "supplier";
      return isFirst ? shown.charAt(0).toUpperCase() + shown.slice(1) : shown;
    },
  );
}
