import { PLACEHOLDER, placeholderText, readPlaceholder } from "../answer/placeholders.ts";
import type { AnswerSentence } from "../answer/read-answer.ts";
import { type Claim, checkClaims } from "../claims/check-claims.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";
import { dativeQuantity, takesDative } from "../facts/quantity-text.ts";
import { checkProse, NO_CONTEXT, type ProseContext } from "../prose/check-prose.ts";
import { saysItsClaims } from "../prose/read-statements.ts";

/** Why a sentence is rejected. */
export type SentenceRejection =
  /** It is empty or too long. */
  | "SIZE"
  /** Its words claim something that is not in the facts, or that cannot be checked. */
  | "NOT_IN_FACTS"
  /** It has a placeholder that does not exist, or for which the facts have nothing. */
  | "REFERENCES"
  /** It has a claim that is false or unknown, or no claim. */
  | "CLAIMS";

/** Facts that sentences can state, beside the ids of reasons. */
export const STATED = { score: "score", band: "band", missing: "missing" } as const;

/** The result of the check of one sentence. */
export type CheckedSentence =
  | {
      readonly accepted: true;
      /** The sentence with its placeholders, without a bullet. Undefined: the service has to word its claims. */
      readonly text: string | undefined;
      /** Its claims, which are true. Empty: the answer has only texts. */
      readonly claims: readonly Claim[];
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
 * that one is shown. A sentence with claims is accepted when its claims are true; its text is kept only when it says
 * exactly these claims. A sentence without claims is accepted when its text is true.
 */
export function checkSentences(
  sentences: readonly AnswerSentence[],
  facts: NarrativeFacts,
  language: Language,
): readonly CheckedSentence[] {
  let context: ProseContext = NO_CONTEXT;
  return sentences.map((sentence): CheckedSentence => {
    const { sentence: checked, after } = checkSentence(sentence, facts, language, context);
    context = after;
    return checked;
  });
}

/** A checked sentence, and what a pronoun behind it means. */
interface SentenceInContext {
  readonly sentence: CheckedSentence;
  readonly after: ProseContext;
}

function checkSentence(
  { text: written, claims: sent }: AnswerSentence,
  facts: NarrativeFacts,
  language: Language,
  context: ProseContext,
): SentenceInContext {
  // A bullet is no statement: the sentence is shown without it.
  const text = written.replace(/^[-–•*] /, "").trim();
  const hasSize = text.length > 0 && text.length <= MAX_SENTENCE_CHARACTERS;
  if (sent === undefined) {
    if (!hasSize) return rejected("SIZE", "the sentence is empty or too long");
    const checked = checkProse(text, facts, language, context);
    if (checked.problem !== undefined)
      return rejected(checked.isReference ? "REFERENCES" : "NOT_IN_FACTS", checked.problem);
    const stated = [
      ...(checked.saysScore ? [STATED.score] : []),
      ...(checked.saysBand ? [STATED.band] : []),
      ...(checked.saysMissing ? [STATED.missing] : []),
      ...checked.names.map(({ id }) => id),
    ];
    return { sentence: { accepted: true, text, claims: [], stated }, after: checked.context };
  }
  const compared = checkClaims(sent, facts, language);
  if (compared.problem !== undefined) return rejected("CLAIMS", compared.problem);
  const { claims } = compared;
  const stated = statedBy(claims, facts);
  const checked = hasSize ? checkProse(text, facts, language, context) : undefined;
  if (checked?.problem === undefined && checked && saysItsClaims(claims, checked.parts, facts, language, context.names))
    return { sentence: { accepted: true, text, claims, stated }, after: checked.context };
  const names = [...new Set(claims.flatMap(({ reasons }) => reasons))];
  return { sentence: { accepted: true, text: undefined, claims, stated }, after: { names } };
}

const rejected = (rejection: SentenceRejection, problem: string): SentenceInContext => ({
  sentence: { accepted: false, rejection, problem },
  after: NO_CONTEXT,
});

/** Returns the facts that claims state. A reason counts only when its direction is stated. */
function statedBy(claims: readonly Claim[], { missing }: NarrativeFacts): readonly string[] {
  const says = (...kinds: readonly Claim["kind"][]): readonly Claim[] =>
    claims.filter(({ kind }) => kinds.includes(kind));
  const named = new Set(says("missing").flatMap((claim) => claim.missing));
  return [
    ...(says("score").length > 0 ? [STATED.score] : []),
    ...(says("band").length > 0 ? [STATED.band] : []),
    ...(missing.length > 0 && named.size === missing.length ? [STATED.missing] : []),
    ...says("raises", "lowers", "strongest").flatMap(({ reasons }) => reasons.map(({ id }) => id)),
  ];
}

/** Writes the formatted facts for the placeholders of an accepted sentence; it begins with a capital letter. */
export function fillSentence(text: string, supplierId: string, facts: NarrativeFacts, language: Language): string {
  return text.replace(
    new RegExp(PLACEHOLDER.source, "g"),
    (whole, kind: string, ids: string | undefined, at: number) => {
      const placeholder = readPlaceholder(kind, ids, facts);
      if (placeholder === undefined) return whole;
      const plain = placeholderText(placeholder, supplierId, facts, language);
      const isQuantity = language === "de" && (kind === "value" || kind === "typical");
      const shown = isQuantity && takesDative(text.slice(0, at)) ? dativeQuantity(plain) : plain;
      const isFirst = at === 0 && kind !== "supplier";
      return isFirst ? shown.charAt(0).toUpperCase() + shown.slice(1) : shown;
    },
  );
}
