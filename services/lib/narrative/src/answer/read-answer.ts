import type { ContractQuote } from "../facts/contract-quotes.ts";
import { LANGUAGES } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";

/** One sentence of an answer. */
export interface AnswerSentence {
  /** Words with placeholders, for which the formatted facts are written; see `placeholders.ts`. */
  readonly text: string;
  /** Ids of the facts that the sentence is about: the template writes about them when the sentence is not shown. */
  readonly facts: readonly string[];
  /** What the sentence states, as it was sent; see `claims/check-claims.ts`. Left out: the answer has only texts. */
  readonly claims?: readonly unknown[];
}

/** Maximum number of characters of an answer that is read. */
export const MAX_ANSWER_CHARACTERS = 16_384;

/** What a claim can state. */
export const CLAIM_KINDS = [
  ...(["score", "band", "raises", "lowers", "strongest", "strongest_of_all", "order", "value", "typical"] as const),
  ...(["above", "below", "equal", "missing", "quote", "nothing_raises", "nothing_lowers"] as const),
] as const;

/** The form of an answer, as a JSON schema (all fields required, no other fields, no alternatives). */
export const ANSWER_SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["language", "sentences"],
  properties: {
    language: { type: "string", enum: LANGUAGES },
    sentences: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["claims", "text"],
        properties: {
          claims: {
            type: "array",
            items: {
              type: "object",
              additionalProperties: false,
              required: ["kind", "facts"],
              properties: {
                kind: { type: "string", enum: CLAIM_KINDS },
                facts: { type: "array", items: { type: "string" } },
              },
            },
          },
          text: { type: "string" },
        },
      },
    },
  },
} as const;

/** An answer in the expected form. */
export interface Answer {
  readonly language: string;
  readonly sentences: readonly AnswerSentence[];
}

/**
 * Reads the answer of a language model. Undefined: it is not JSON of exactly the expected form, or it is longer than
 * `MAX_ANSWER_CHARACTERS`.
 */
export function readAnswer(content: string): Answer | undefined {
  if (content.length > MAX_ANSWER_CHARACTERS) return;
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    return;
  }
  if (!hasFields(json, ["language", "sentences"])) return;
  const { language, sentences } = json;
  if (typeof language !== "string" || !Array.isArray(sentences)) return;
  const read = sentences.map(readSentence);
  return read.every((sentence) => sentence !== undefined) ? { language, sentences: read } : undefined;
}

function readSentence(json: unknown): AnswerSentence | undefined {
  if (hasFields(json, ["claims", "text"])) {
    const { text, claims } = json;
    if (typeof text !== "string" || !Array.isArray(claims)) return;
    return { text, facts: claims.flatMap(idsOf), claims };
  }
  // Without claims: an answer to an older form of the request, or of a provider that does not hold the schema.
  if (!hasFields(json, ["facts", "text"])) return;
  const { text, facts } = json;
  if (typeof text !== "string" || !Array.isArray(facts) || !facts.every((id) => typeof id === "string")) return;
  return { text, facts };
}

/** Returns the ids that a claim names, whether it is true or not. */
const idsOf = (claim: unknown): string[] =>
  typeof claim === "object" && claim !== null && "facts" in claim && Array.isArray(claim.facts)
    ? claim.facts.filter((id): id is string => typeof id === "string")
    : [];

/** Writes sentences as the content of an answer, which `readAnswer` reads. */
export const writeAnswer = ({ language, sentences }: Answer): string =>
  JSON.stringify({
    language,
    sentences: sentences.map(({ text, facts, claims }) => (claims === undefined ? { facts, text } : { claims, text })),
  });

/** Whether a value is an object with exactly these fields, which are in alphabetical order. */
export function hasFields<const F extends string>(json: unknown, fields: readonly F[]): json is Record<F, unknown> {
  return (
    typeof json === "object" &&
    json !== null &&
    !Array.isArray(json) &&
    Object.keys(json).toSorted().join() === fields.join()
  );
}

/** Returns all quotes of the facts. */
export const quotesOf = ({ reasons }: NarrativeFacts): readonly ContractQuote[] =>
  reasons.flatMap(({ quotes }) => quotes);
