import type { ReasonFact } from "../facts/narrative-facts.ts";
import type { Token } from "./read-tokens.ts";
import {
  has,
  isArticle,
  isMark,
  isScore,
  isValue,
  isValueOf,
  nameAfter,
  nameBefore,
  segmentsOf,
} from "./token-places.ts";

/*
 * Whether each placeholder is at a place where a reader understands it as what it is: a value beside the name of its
 * feature, the score beside the risk, missing features with words that say so.
 */

/** Returns what is wrong with the values. @param before Reasons of the sentence before. */
export function valueProblem(tokens: readonly Token[], before: readonly ReasonFact[]): string | undefined {
  const segments = segmentsOf(tokens);
  for (const [i, token] of tokens.entries()) {
    const [reason] = token.placeholder?.reasons ?? [];
    if (reason === undefined || !isValue(token)) continue;
    const { kind } = token.placeholder ?? {};
    if (ownerOf(tokens, i, before) !== reason) return `{${kind}:${reason.id}} is not beside the name of its feature`;
    if (isAmount(tokens, i)) return `{${kind}:${reason.id}} reads like a difference or a weight`;
    if (isValueOfRisk(tokens, segments, i)) return `{${kind}:${reason.id}} reads like a number of the score`;
    if (kind === "typical" && !isCalledTypical(tokens, i)) return `{typical:${reason.id}} is not called typical`;
    if (kind === "value" && isValueCalledTypical(tokens, i)) return `{value:${reason.id}} is called typical`;
  }
}

/** Nouns of strength: a number behind them would be that of the strength. */
const STRENGTH =
  /^(weight|share|contributions?|effects?|influences?|impacts?|pressure|force|gewicht|anteil|beitrag|wirkung|einfluss|effekt|druck|kraft)$/;

/** Adverbs of a side; a verb ("exceeds") leaves the number before it a value. */
const SIDE_ADVERB =
  /^(above|below|over|under|higher|lower|more|less|greater|über|unter|höher|niedriger|mehr|weniger)( |$)/;

/** Whether a value reads like a difference ("3 days above"), or like the strength of an effect. */
function isAmount(tokens: readonly Token[], at: number): boolean {
  if (tokens[at]?.placeholder?.kind === "compared") return false;
  const isPlaced = /^(at|of|with|mit|von|bei)$/.test(tokens[at - 1]?.text ?? "");
  if (!isPlaced && SIDE_ADVERB.test(tokens[at + 1]?.text ?? "")) return true;
  let i = at - 1;
  while (isArticle(tokens[i]) || isValueOf(tokens[i])) i--;
  const before = tokens[i];
  if (before === undefined || before.placeholder) return false;
  return STRENGTH.test(before.text) || (has(before, ...TURNS) && !has(before, "higher", "lower", "above", "below"));
}
const TURNS = ["up", "down", "upVerb", "downVerb"] as const;

/** Returns the reason that a reader understands as the one of a value. */
function ownerOf(tokens: readonly Token[], at: number, before: readonly ReasonFact[]): ReasonFact | undefined {
  if (isValueOf(tokens[at + 1])) {
    const next = nameAfter(tokens, at + 1);
    if (next >= 0) return tokens[next]?.name;
  }
  const previous = nameBefore(tokens, at);
  const next = tokens.findIndex(({ name }, i) => i > at && name !== undefined);
  if (previous >= 0) return tokens[previous]?.name;
  if (next >= 0) return tokens[next]?.name;
  return before.length === 1 ? before[0] : undefined;
}

/** Whether the risk or the supplier stands directly before a value, so that the value reads as the score. */
function isValueOfRisk(tokens: readonly Token[], segments: readonly number[], at: number): boolean {
  if (isValueOf(tokens[at + 1]) && nameAfter(tokens, at + 1) >= 0) return false;
  for (let i = at - 1; i >= 0 && segments[i] === segments[at]; i--) {
    if (tokens[i]?.name || isValue(tokens[i])) return false;
    if (has(tokens[i], "risk") && !has(tokens[i], "noun")) return true;
    if (isScore(tokens[i]) || tokens[i]?.placeholder?.kind === "supplier") return true;
  }
  return false;
}

const TYPICAL = ["typical", "versus", "above", "below"] as const;

function isCalledTypical(tokens: readonly Token[], at: number): boolean {
  for (let i = at - 1; i >= Math.max(0, at - 5); i--) {
    if (has(tokens[i], ...TYPICAL)) return true;
    if (tokens[i]?.name) return isNameTypical(tokens, i) || isFollowedByTypical(tokens, at);
    if (isValue(tokens[i])) break;
  }
  return isFollowedByTypical(tokens, at);
}

/** Whether a name is called typical: "the typical late ratio", "typical for late ratio". */
function isNameTypical(tokens: readonly Token[], at: number): boolean {
  for (let i = at - 1; i >= Math.max(0, at - 3); i--) {
    if (isMark(tokens[i]) || tokens[i]?.placeholder || has(tokens[i], "and")) return false;
    if (has(tokens[i], "typical")) return true;
  }
  return false;
}

function isFollowedByTypical(tokens: readonly Token[], at: number): boolean {
  for (let i = at + 1; i <= at + 3; i++) {
    if (tokens[i]?.placeholder) break;
    if (has(tokens[i], "typical")) return true;
  }
  return false;
}

function isValueCalledTypical(tokens: readonly Token[], at: number): boolean {
  for (let i = at - 1; i >= Math.max(0, at - 4); i--) {
    if (tokens[i]?.name && isNameTypical(tokens, i)) return true;
    if (isMark(tokens[i]) || tokens[i]?.placeholder) break;
    if (has(tokens[i], "typical", "above", "below")) return true;
    // "where" and "while" begin a statement, and also compare.
    if (has(tokens[i], "versus") && !has(tokens[i], "plain", "split")) return true;
  }
  for (let i = at + 1; i < tokens.length; i++) {
    if (isMark(tokens[i]) || tokens[i]?.placeholder || has(tokens[i], "above", "below", "versus", "and")) return false;
    if (!has(tokens[i], "typical")) continue;
    let next = i + 1;
    while (isArticle(tokens[next]) || has(tokens[next], "plain", "noun")) next++;
    return tokens[next]?.placeholder?.kind !== "typical";
  }
  return false;
}

/** Returns what is wrong with words of the typical that belong to no typical value and to no comparison. */
export function typicalProblem(tokens: readonly Token[]): string | undefined {
  for (const [i, token] of tokens.entries()) {
    if (!has(token, "typical")) continue;
    const near = tokens.slice(Math.max(0, i - 5), i + 6);
    const isOfValue = near.some(({ placeholder }) => placeholder?.kind === "typical");
    const isCompared = tokens
      .slice(Math.max(0, i - 4), i + 1)
      .some((one) => has(one, "above", "below", "higher", "lower"));
    if (!isOfValue && !isCompared) return `"${token.text}" belongs to no typical value`;
  }
}

/** Returns what is wrong with the score and its band. */
export function scoreProblem(tokens: readonly Token[]): string | undefined {
  const segments = segmentsOf(tokens);
  const hasName = tokens.some(({ name }) => name !== undefined);
  if (!hasName && tokens.some(isScore) && tokens.some(isValue)) return "the score and a value without its feature";
  for (const [i, token] of tokens.entries()) {
    if (!isScore(token)) continue;
    const kind = token.placeholder?.kind;
    if (/^(of|des|der|von)$/.test(tokens[i + 1]?.text ?? "") && tokens[i + 2]?.placeholder?.kind !== "supplier")
      return `{${kind}} reads like a share of something`;
    if (isValueOf(tokens[i + 1]) && nameAfter(tokens, i + 1) >= 0) return `{${kind}} reads like a value of a feature`;
    for (let at = i - 1; at >= 0; at--) {
      const before = tokens[at];
      if (has(before, "risk", "body") || before?.placeholder?.kind === "supplier" || isScore(before)) break;
      if (before?.name || isValue(before)) return `{${kind}} reads like a value of a feature`;
    }
    if (
      [tokens[i - 1], tokens[i - 2]].some((one) => has(one, "versus", "above", "below") && !has(one, "plain", "split"))
    )
      return `{${kind}} is compared`;
    const claims = tokens.filter((_, at) => at < i && segments[at] === segments[i]);
    if (claims.some((one) => has(one, "up", "down", "upVerb", "downVerb") && !has(one, "higher", "lower")))
      return `a direction stands before {${kind}}`;
  }
}

/** Returns what is wrong with what is called missing. */
export function missingProblem(tokens: readonly Token[], before: readonly ReasonFact[]): string | undefined {
  const says = tokens.some((token) => has(token, "missing"));
  const names = tokens.flatMap(({ name }) => name ?? []);
  if (tokens.some(({ placeholder }) => placeholder?.kind === "missing")) {
    if (!says) return "{missing} is not called missing";
    if (names.length > 0 || tokens.some((token) => has(token, "up", "down", "upVerb", "downVerb", "source", "top")))
      return "a sentence with {missing} says nothing else";
    return;
  }
  for (const [i, token] of tokens.entries()) {
    if (!has(token, "missing")) continue;
    let next = i + 1;
    while (isArticle(tokens[next]) || isValueOf(tokens[next]) || has(tokens[next], "noun", "be")) next++;
    const at = tokens[next]?.name ? next : nameBefore(tokens, i);
    const reason = tokens[at]?.name ?? (names.length === 0 && before.length === 1 ? before[0] : undefined);
    if (reason === undefined) return `"${token.text}" belongs to no feature without a value`;
    if (reason.value !== null || reason.category !== "" || reason.quotes.length > 0)
      return `{name:${reason.id}} has a value, and "${token.text}" says that it has none`;
  }
}
