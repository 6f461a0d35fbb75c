import { readAnswer } from "../answer/read-answer.ts";
import { type Claim, checkClaims } from "../claims/check-claims.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";

/** Why the answer of a language model is not used, or not as it is. */
export type AnswerRejection =
  /** The answer is not JSON of the expected form. */
  | "FORM"
  /** The answer has no sentences, or too many. */
  | "SIZE"
  /** A claim is false or unknown, or a sentence has no claims. */
  | "CLAIMS"
  /** The score, its band or the strongest reason of a direction is not in it. */
  | "INCOMPLETE";

/** The claims of an answer, all of which are true; or why the answer is not used. */
export type CheckedAnswer =
  | {
      readonly rejection?: undefined;
      /** The claims of each sentence that has some. */
      readonly sentences: readonly (readonly Claim[])[];
      /** Number of sentences without claims, of which nothing is shown. */
      readonly emptySentences: number;
    }
  | {
      readonly rejection: "FORM" | "SIZE" | "CLAIMS";
      /** The violation, in words for the language model. The text contains ids of facts, but no words of the answer. */
      readonly problems: readonly string[];
    };

/** Maximum number of sentences of an answer. */
export const MAX_SENTENCES = 16;

/**
 * Compares the claims of an answer with the facts. One that is false or unknown, and nothing of the answer is used: who
 * errs in one place may have selected the rest with the same error. A sentence without claims states nothing.
 */
export function checkAnswer(content: string, facts: NarrativeFacts): CheckedAnswer {
  const sent = readAnswer(content);
  if (sent === undefined) return { rejection: "FORM", problems: ["it does not have the form that is asked for"] };
  if (sent.length === 0 || sent.length > MAX_SENTENCES)
    return { rejection: "SIZE", problems: [`it has ${sent.length} sentences instead of 1 to ${MAX_SENTENCES}`] };
  const sentences: (readonly Claim[])[] = [];
  const problems: string[] = [];
  for (const [i, claims] of sent.entries()) {
    if (claims.length === 0) continue;
    const checked = checkClaims(claims, facts);
    if (checked.problem === undefined) sentences.push(checked.claims);
    else problems.push(`sentence ${i + 1}: ${checked.problem}`);
  }
  if (problems.length > 0) return { rejection: "CLAIMS", problems };
  if (sentences.length === 0) return { rejection: "CLAIMS", problems: ["no sentence has claims"] };
  return { sentences, emptySentences: sent.length - sentences.length };
}
