import { sideOf } from "../answer/placeholders.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { readClaims } from "./read-claims.ts";
import type { Token } from "./read-tokens.ts";
import { has, isMark, isObject, isScore, isValue, segmentsOf } from "./token-places.ts";

/** Words that relate features with the score. */
const RELATIONS = ["up", "down", "upVerb", "downVerb", "source", "cause"] as const;
/** Maximum number of statements in a sentence. */
const MAX_STATEMENTS = 4;

/** The parts of a sentence that each make one statement; or what is wrong with the sentence. */
export type CheckedStatements =
  | { readonly parts: readonly (readonly Token[])[]; readonly problem?: undefined }
  | { readonly problem: string };

/**
 * Checks the directions, comparisons and orders of a sentence, as a whole or in parts.
 * @param before Reasons of the sentence before.
 */
export function checkStatements(
  tokens: readonly Token[],
  facts: NarrativeFacts,
  language: Language,
  before: readonly ReasonFact[],
): CheckedStatements {
  const check = (part: readonly Token[], isWhole: boolean): string | undefined =>
    partProblem(part, isWhole, tokens, facts, language, before);
  const whole = check(tokens, true);
  if (whole === undefined) return { parts: [tokens] };
  if (
    tokens.some(isScore) &&
    !tokens.some((token) => has(token, ...RELATIONS)) &&
    tokens.some(({ name }) => name !== undefined)
  )
    return { problem: whole };
  const parts = split(tokens, (part) => check(part, false) === undefined, MAX_STATEMENTS);
  return parts === undefined ? { problem: whole } : { parts };
}

/** Splits tokens at marks, "and" and "while" into parts that all hold. Undefined: that is not possible. */
function split(
  tokens: readonly Token[],
  holds: (part: readonly Token[]) => boolean,
  max: number,
): readonly (readonly Token[])[] | undefined {
  for (const [i, token] of tokens.entries()) {
    if (i === 0 || !(isMark(token) || has(token, "and"))) continue;
    const first = tokens.slice(0, i);
    if (has(token, "open", "close") || !holds(first)) continue;
    const rest = tokens.slice(i + 1);
    if (holds(rest)) return [first, rest];
    const parts = max > 2 ? split(rest, holds, max - 1) : undefined;
    if (parts) return [first, ...parts];
  }
  return undefined;
}

const signOf = (names: readonly ReasonFact[]): ReasonFact["direction"] | undefined =>
  new Set(names.map(({ direction }) => direction)).size === 1 ? names[0]?.direction : undefined;

function partProblem(
  part: readonly Token[],
  isWhole: boolean,
  sentence: readonly Token[],
  facts: NarrativeFacts,
  language: Language,
  before: readonly ReasonFact[],
): string | undefined {
  const claims = readClaims(part);
  const own = [...new Set(part.flatMap(({ name }) => name ?? []))];
  const isAbout = sentence.some(({ name }) => name !== undefined);
  const wrongBand = claims.bands.find((band) => band !== facts.band);
  if (wrongBand !== undefined) return `the band is not ${wrongBand}`;
  const hasClaim =
    claims.directions.length + claims.tops.length + claims.orders.length + claims.sides.length + claims.sames.length >
    0;
  if (own.length === 0) {
    // Words of a source belong to the names that follow, which a split would part from them.
    if (isAbout || sentence.some(isScore))
      return hasClaim || claims.opposites.length > 0 ? "a claim without its feature" : undefined;
    const isStated = sentence.some(({ placeholder }) => placeholder !== undefined);
    if (!hasClaim) return isStated ? undefined : "the sentence states no fact";
    if (!isWhole || before.length === 0) return "it is not clear which features are meant";
    const isOther = part.some((token) => has(token, "body", "contract") || token.placeholder?.kind === "supplier");
    if (isOther || !part.slice(0, 3).some((token) => has(token, "it", "both", "all")))
      return "it is not clear which features are meant";
  }
  const names = own.length > 0 ? own : before;
  const sign = signOf(names);
  const { directions } = claims;
  const said = readClaims(sentence);
  const isClaimed =
    said.sources ||
    [said.directions, said.sides, said.tops, said.orders, said.sames, said.opposites].some(({ length }) => length > 0);
  if (sign === undefined) {
    // Values of features can be listed whatever the features do.
    const isList = !isClaimed && !hasClaim && part.some(isValue);
    return isList ? undefined : "features of both directions in one statement";
  }
  const isMixed = signOf(sentence.flatMap(({ name }) => name ?? [])) === undefined && isAbout;
  if (isMixed && isClaimed && directions.length === 0 && !claims.sources)
    return "features of both directions in one statement";
  if (!isWhole && isClaimed && !hasClaim && !claims.sources) return "a feature without a claim";
  if (isWhole && sentence.some(isScore) && directions.length === 0 && !claims.sources)
    return "features and the score in one sentence, without a word for their relation";
  if (
    isWhole &&
    !isClaimed &&
    claims.sides.length === 0 &&
    !part.some((token) => isValue(token) || has(token, "missing"))
  )
    return "the sentence says nothing about the features";
  if (directions.some(({ direction }) => direction !== sign)) return `the direction is wrong: it ${sign} the risk`;
  if (directions.some(({ needsRisk, at }) => needsRisk && !hasObject(part, at))) return "a direction without the risk";
  if (claims.isDoubleDecrease) return "a decrease of a decrease";
  if (claims.isAll) return "the facts do not say this of all features";
  if (claims.isBoth && names.length !== 2) return '"both" needs two features';
  return (
    sourceProblem(part, sentence, names, sign, facts, before) ??
    sidesProblem(claims.sides, names, language) ??
    strengthProblem(part, names, claims.tops, claims.orders, directions.length > 0, own.length > 0)
  );
}

/** Whether the risk or a pronoun for it is in the same segment as a direction. */
function hasObject(part: readonly Token[], at: number): boolean {
  const segments = segmentsOf(part);
  return part.some((token, i) => segments[i] === segments[at] && isObject(token));
}

/** Whether words that say only that the score comes from something are true: they then mean its increase. */
function sourceProblem(
  part: readonly Token[],
  sentence: readonly Token[],
  names: readonly ReasonFact[],
  sign: ReasonFact["direction"],
  { band }: NarrativeFacts,
  before: readonly ReasonFact[],
): string | undefined {
  const claims = readClaims(part);
  if (claims.directions.length > 0)
    return claims.opposites.length > 0 ? "it is not clear what the opposite is of" : undefined;
  // "offsets the risk" is a direction, "works in the opposite direction" is none.
  if (claims.opposites.length > 0 && part.some((token) => has(token, "risk"))) return "the direction is not said";
  const previous = signOf(before);
  if (claims.opposites.length > 0 && (previous === undefined || previous === sign))
    return "it is not the opposite direction";
  if (claims.opposites.length === 0 && (claims.sames.length > 0 || claims.orders.length > 0)) {
    const isLed = names.some(({ rank }) => rank === 1) && (claims.tops.length > 0 || claims.sources);
    if (!isLed && previous !== sign) return "it is not the same direction";
    if (!isLed) return;
  }
  if (!claims.sources) return;
  const saysBand = sentence.some((token) => isScore(token));
  const isTrue = saysBand && band !== "medium" ? (band === "high") === (sign === "increases") : sign === "increases";
  return isTrue || (saysBand && band === "medium") ? undefined : "the direction is not said";
}

function sidesProblem(
  sides: ReturnType<typeof readClaims>["sides"],
  names: readonly ReasonFact[],
  language: Language,
): string | undefined {
  for (const { side, of } of sides)
    for (const reason of of === undefined ? names : [of])
      if (sideOf(reason, language) !== side) return `{name:${reason.id}} is not ${side} its typical value`;
}

/** Whether features that are called the strongest are, and features that follow others do. */
function strengthProblem(
  part: readonly Token[],
  names: readonly ReasonFact[],
  tops: readonly number[],
  orders: readonly number[],
  hasDirection: boolean,
  isOwn: boolean,
): string | undefined {
  const segments = segmentsOf(part);
  const isSource = readClaims(part).sources || readClaims(part).sames.length > 0;
  for (const top of tops) {
    const called = isOwn ? namesBeside(part, segments, top) : names;
    const isStrongest = called.every(({ rank }, i) => rank === i + 1);
    if (called.length === 0 || !isStrongest) return "another feature is stronger";
    if (!hasDirection && !isSource && (called.length > 1 || called[0]?.overallRank !== 1))
      return "it is not said in which direction the feature is the strongest";
  }
  if (orders.length === 0) return;
  const isRising = names.every(({ rank }, i) => i === 0 || rank > (names[i - 1]?.rank ?? 0));
  if (!isRising || !isOwn || (names.length === 1 && names[0]?.rank === 1))
    return "the order of the features is another one";
}

/** Returns the names of the segment of a word; of the segment before or after it when it has none. */
export function namesBeside(part: readonly Token[], segments: readonly number[], at: number): readonly ReasonFact[] {
  const inSegment = (segment: number | undefined): readonly ReasonFact[] => [
    ...new Set(part.flatMap(({ name }, i) => (name && segments[i] === segment ? [name] : []))),
  ];
  const own = inSegment(segments[at]);
  if (own.length > 0) return own;
  const before = part.findLastIndex(({ name }, i) => i < at && name !== undefined);
  if (before >= 0) return inSegment(segments[before]);
  const after = part.findIndex(({ name }, i) => i > at && name !== undefined);
  return after < 0 ? [] : inSegment(segments[after]);
}
