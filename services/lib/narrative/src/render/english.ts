import { listed } from "@bellwether/reasons/reason-text";
import { quotedText } from "../facts/data-text.ts";
import { PHRASES } from "../template/phrases.ts";
import type { FeatureDetails, Influence, Relation, Wordings } from "./wordings.ts";

const COMPARED = PHRASES.en.compared;

const quoted = (quotes: readonly string[]): readonly string[] => quotes.map((text) => quotedText(text, "en"));

/** Returns quotes as a part of a list, marked as words of the contract. */
const quotedWords = (quotes: readonly string[]): string =>
  `${quotes.length === 1 ? "a word" : "words"} of the contract (${quoted(quotes).join(", ")})`;

/** Returns a feature with what is claimed of it in brackets. */
function inBrackets(details: FeatureDetails): string {
  const { reason, quotes } = details;
  if (quotes.length > 0) return quotedWords(quotes);
  if (reason.quotes.length > 0) return "words of the contract";
  if (reason.isNotSent) return `${reason.label} (${PHRASES.en.notSent})`;
  if (reason.isAbsence) return "words that the contract does not have";
  const text = detailsText(details);
  return text === "" ? reason.label : `${reason.label} (${text})`;
}

function detailsText({ reason, value, typical, compared, isMissing }: FeatureDetails): string {
  if (isMissing) return typical === undefined ? "no value known" : `no value known; typical is ${typical}`;
  const isCategory = reason.category !== "";
  const side =
    compared === undefined || typical === undefined
      ? undefined
      : isCategory
        ? "as most often"
        : COMPARED[compared](typical);
  if (side !== undefined) return value === undefined ? side : `${value}, ${side}`;
  const usual =
    typical === undefined ? undefined : `${isCategory && value !== undefined ? "most often" : "typical is"} ${typical}`;
  return [value, usual].filter((part) => part !== undefined).join("; ");
}

/** Returns a single feature at the end of a clause. */
function atEnd(details: FeatureDetails, variant: number): string {
  const { reason, value, typical, compared, isMissing, quotes } = details;
  const isPlain = quotes.length === 0 && !isMissing && reason.category === "" && value !== undefined;
  if (variant % 2 === 0 || !isPlain || typical === undefined) return inBrackets(details);
  if (compared === undefined) return `${reason.label}, where the value is ${value} and the typical one ${typical}`;
  return `${reason.label}, where the value of ${value} is ${COMPARED[compared](typical)}`;
}

/** The clauses before the features: plain, with the strongest, and in addition to others. */
const CLAUSES = {
  increases: {
    plain: ["the risk is increased by", "the score is pushed up by", "higher risk comes from"],
    most: [
      "the risk is increased most by",
      "the score is pushed up above all by",
      "the largest part of the added risk comes from",
    ],
    also: ["the risk is also increased by", "the score is also pushed up by", "further risk comes from"],
  },
  lowers: {
    plain: ["the risk is lowered by", "the score is brought down by", "relief comes from"],
    most: [
      "the risk is lowered most by",
      "the score is brought down above all by",
      "the largest part of the relief comes from",
    ],
    also: ["the risk is also lowered by", "the score is also brought down by", "further relief comes from"],
  },
} as const;

/** The clauses of a regressor, whose number is no risk and has no risk score. */
const NUMBER_CLAUSES = {
  increases: {
    plain: ["the number is increased by", "the number is raised by", "the number is pushed up by"],
    most: ["the number is increased most by", "the number is raised above all by", "the number is pushed up most by"],
    also: ["the number is also increased by", "the number is also raised by", "the number is also pushed up by"],
  },
  lowers: {
    plain: ["the number is lowered by", "the number is reduced by", "the number is brought down by"],
    most: ["the number is lowered most by", "the number is reduced above all by", "the number is brought down most by"],
    also: ["the number is also lowered by", "the number is also reduced by", "the number is also brought down by"],
  },
} as const;
type Clauses = typeof CLAUSES | typeof NUMBER_CLAUSES;
const CONTRASTS = ["In contrast, ", "On the other hand, ", "By contrast, "] as const;
const OTHERS = [", and also by ", ", and also by ", ", and some from "] as const;

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function influenceOf(
  clauses: Clauses,
  { direction, isStrongest, first, followers, others }: Influence,
  relation: Relation,
  variant: number,
) {
  const at = variant % 3;
  const kind = isStrongest ? "most" : relation === "also" ? "also" : "plain";
  const clause = clauses[direction][kind][at] ?? "";
  const [only] = first;
  const isAlone = first.length + followers.length + others.length === 1;
  const named = isAlone && only ? atEnd(only, variant) : listed(first.map(inBrackets));
  const text = `${clause} ${named}${rest(followers, others, OTHERS[at] ?? "")}`;
  return relation === "contrast" ? `${CONTRASTS[at]}${text}` : capitalized(text);
}

function rest(followers: readonly FeatureDetails[], others: readonly FeatureDetails[], before: string): string {
  return [
    ...(followers.length > 0 ? [`, followed by ${listed(followers.map(inBrackets))}`] : []),
    ...(others.length > 0 ? [`${before}${listed(others.map(inBrackets))}`] : []),
  ].join("");
}

function bothOf(clauses: Clauses, one: Influence, other: Influence): string {
  const { followers, others, first, isStrongest, direction } = other;
  const verb = direction === "increases" ? "increased" : "lowered";
  const named = `${listed(first.map(inBrackets))}${rest(followers, others, ", and also by ")}`;
  return `${influenceOf(clauses, one, "first", 0)}, but ${verb}${isStrongest ? " most" : ""} by ${named}`;
}

/** English sentences. Features are never the subject of a verb, because their names can be singular or plural. */
export const ENGLISH: Wordings = {
  and: "and",
  score: (id, score, variant) =>
    variant % 2 === 0 ? `${id} has a risk score of ${score}` : `The risk score of ${id} is ${score}`,
  scoreAndBand: (id, score, band, variant) =>
    [
      `${id} has a risk score of ${score}, which is ${band}`,
      `The risk score of ${id} is ${score} (${band})`,
      `With a risk score of ${score}, ${id} is in the ${band} band`,
    ][variant % 3] ?? "",
  band: (id, band) => `The risk of ${id} is ${band}`,
  influence: (...of) => influenceOf(CLAUSES, ...of),
  both: (one, other) => bothOf(CLAUSES, one, other),
  feature: (details) => {
    const { reason, value, typical, compared, isMissing, quotes } = details;
    const { label, category } = reason;
    if (quotes.length > 0)
      return `The contract has the ${quotes.length === 1 ? "word" : "words"} ${listed(quoted(quotes))}`;
    if (reason.isNotSent) return "No contract was sent";
    if (isMissing) return `There is no value for ${label}`;
    const of = `of ${label} is`;
    if (category !== "" && (value !== undefined || compared !== undefined))
      return `The category ${of} ${detailsText(details)}`;
    if (value === undefined && compared === undefined) return `The typical value ${of} ${typical ?? ""}`;
    const side = compared && typical !== undefined && COMPARED[compared](typical);
    if (value === undefined) return `The value ${of} ${side}`;
    if (side !== undefined) return `The value ${of} ${value}, ${side}`;
    return `The value ${of} ${value}${typical === undefined ? "" : `, and the typical one is ${typical}`}`;
  },
  order: (labels) =>
    labels.length === 2
      ? `The contribution of ${labels[0]} is larger than that of ${labels[1]}`
      : `By the size of their contributions, the order is ${labels.join(", ")}`,
  strongestOfAll: (labels) =>
    labels.length === 1
      ? `Of all contributions, that of ${labels[0]} is the largest`
      : `Of all contributions, those of ${listed(labels)} are the largest`,
  missing: (features) => `${features.length === 1 ? "No value is" : "No values are"} known for ${listed(features)}`,
  nothing: (direction) =>
    `None of the larger contributions ${direction === "increases" ? "increases" : "lowers"} the risk`,
  joined: (sentences) =>
    sentences.map((text, i) => (i === 0 ? text : text.charAt(0).toLowerCase() + text.slice(1))).join("; "),
};

/** The sentences about the number of a regressor. */
export const ENGLISH_OF_NUMBERS: Wordings = {
  ...ENGLISH,
  influence: (...of) => influenceOf(NUMBER_CLAUSES, ...of),
  both: (one, other) => bothOf(NUMBER_CLAUSES, one, other),
  nothing: (direction) =>
    `None of the larger contributions ${direction === "increases" ? "increases" : "lowers"} the number`,
};
