import type { FlatScore } from "@bellwether/contract/flat-json/flat-score";
import type { NarrativeInfoJson } from "../output/narrative-text.ts";

/** A message of a streamed explanation. Fields with the value 0 are absent in the JSON of a message. */
export type ExplanationPart = {
  readonly base?: {
    readonly score: {
      readonly risk_score?: number;
      readonly margin?: number;
      readonly warnings?: readonly { readonly message: string }[];
    };
    readonly base_value?: number;
    readonly kind: string;
    readonly background?: string;
  };
  readonly contributions?: {
    readonly contributions?: readonly {
      readonly feature: string;
      readonly value?: number;
      readonly category?: string;
      readonly contribution?: number;
      readonly unit?: string;
      readonly typical?: number;
      readonly typical_category?: string;
    }[];
  };
  readonly narrative?: string;
  readonly narrative_info?: NarrativeInfoJson;
};

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isNumber: Check = (value) => typeof value === "number";
const isNumberOrNull: Check = (value) => value === null || isNumber(value);
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
/** Checks the named members of an object; others are of a later version. */
const objectOf =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(members).every(([name, check]) => check(Reflect.get(value, name)));

const WARNINGS = listOf(objectOf({ message: isText }));

const SCORE = objectOf({
  ...{ supplier_id: isText, band: isText, model_version: isText },
  ...{ risk_score: isNumberOrNull, margin: isNumberOrNull, prediction: maybe(isNumberOrNull) },
  top_features: listOf(objectOf({ feature: isText, contribution: isNumber })),
  missing_features: listOf(isText),
  warnings: WARNINGS,
});

const CONTRIBUTION = objectOf({
  feature: isText,
  ...{ value: maybe(isNumber), contribution: maybe(isNumber), typical: maybe(isNumber) },
  ...{ category: maybe(isText), unit: maybe(isText), typical_category: maybe(isText) },
});

const PART = objectOf({
  base: maybe(
    objectOf({
      score: objectOf({ risk_score: maybe(isNumber), margin: maybe(isNumber), warnings: maybe(WARNINGS) }),
      ...{ base_value: maybe(isNumber), kind: isText, background: maybe(isText) },
    }),
  ),
  contributions: maybe(objectOf({ contributions: maybe(listOf(CONTRIBUTION)) })),
  narrative: maybe(isText),
  narrative_info: maybe(objectOf({ language: maybe(isText), outcome: maybe(isText), wordings: maybe(listOf(isText)) })),
});

const isScore = (value: unknown): value is FlatScore => SCORE(value);
const isPart = (value: unknown): value is ExplanationPart => PART(value);

/** Returns the answer of `POST /predict`, or null for another value. */
export const readScore = (value: unknown): FlatScore | null => (isScore(value) ? value : null);

/** Returns a line of the answer of `POST /explain`, or null for another value. */
export const readExplanationPart = (value: unknown): ExplanationPart | null => (isPart(value) ? value : null);
