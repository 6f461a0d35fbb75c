import type { NarrativeFacts } from "../facts/narrative-facts.ts";

/** A quote that an answer declares. */
export interface AnswerQuote {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** One sentence of an answer, with the facts that it declares to state. */
export interface AnswerSentence {
  readonly text: string;
  /** Ids of facts. */
  readonly facts: readonly string[];
  readonly quotes: readonly AnswerQuote[];
}

/** Maximum number of characters of an answer that is read. */
export const MAX_ANSWER_CHARACTERS = 16_384;

/** What stands in an answer for the id of the supplier, which a language model does not get. */
export const SUPPLIER_MARK = "SUPPLIER";

/** The form of an answer, as a JSON schema (all fields required, no other fields). */
export const ANSWER_SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["language", "sentences"],
  properties: {
    language: { type: "string" },
    sentences: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["text", "facts", "quotes"],
        properties: {
          text: { type: "string" },
          facts: { type: "array", items: { type: "string" } },
          quotes: {
            type: "array",
            items: {
              type: "object",
              additionalProperties: false,
              required: ["text", "start", "end"],
              properties: { text: { type: "string" }, start: { type: "integer" }, end: { type: "integer" } },
            },
          },
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
  if (!hasFields(json, ["facts", "quotes", "text"])) return;
  const { text, facts, quotes } = json;
  if (typeof text !== "string" || !Array.isArray(facts) || !facts.every((id) => typeof id === "string")) return;
  if (!Array.isArray(quotes)) return;
  const read = quotes.map(readQuote);
  return read.every((quote) => quote !== undefined) ? { text, facts, quotes: read } : undefined;
}

function readQuote(json: unknown): AnswerQuote | undefined {
  if (!hasFields(json, ["end", "start", "text"])) return;
  const { text, start, end } = json;
  if (typeof text !== "string" || typeof start !== "number" || typeof end !== "number") return;
  return { text, start, end };
}

/** Whether a value is an object with exactly these fields, which are in alphabetical order. */
function hasFields<const F extends string>(json: unknown, fields: readonly F[]): json is Record<F, unknown> {
  return (
    typeof json === "object" &&
    json !== null &&
    !Array.isArray(json) &&
    Object.keys(json).toSorted().join() === fields.join()
  );
}

/** Returns all quotes of the facts. */
export const quotesOf = ({ reasons }: NarrativeFacts): readonly AnswerQuote[] =>
  reasons.flatMap(({ quotes }) => quotes);
