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
  required: ["sentences"],
  properties: {
    sentences: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["claims"],
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
        },
      },
    },
  },
} as const;

/** The claims of one sentence as they were sent; see `claims/check-claims.ts`. Empty: it has none. */
export type SentClaims = readonly unknown[];

/**
 * Reads the claims of each sentence of an answer. Other parts of the answer are not read, so no text of a language
 * model is shown. Undefined: the answer is not JSON of the expected form, or is longer than `MAX_ANSWER_CHARACTERS`.
 */
export function readAnswer(content: string): readonly SentClaims[] | undefined {
  if (content.length > MAX_ANSWER_CHARACTERS) return;
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    return;
  }
  if (!isObject(json) || !("sentences" in json) || !Array.isArray(json.sentences)) return;
  const read = json.sentences.map(claimsOf);
  return read.every((claims) => claims !== undefined) ? read : undefined;
}

function claimsOf(sentence: unknown): SentClaims | undefined {
  if (!isObject(sentence)) return;
  if (!("claims" in sentence)) return [];
  return Array.isArray(sentence.claims) ? sentence.claims : undefined;
}

/** Whether a value is an object, and no list. */
export const isObject = (json: unknown): json is object =>
  typeof json === "object" && json !== null && !Array.isArray(json);
