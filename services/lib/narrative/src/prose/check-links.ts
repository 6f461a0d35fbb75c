import type { Language } from "../facts/language.ts";
import type { ReasonFact } from "../facts/narrative-facts.ts";
import type { Token } from "./read-tokens.ts";
import { has, isArticle, isMark, isScore, nameAfter, segmentsOf } from "./token-places.ts";

const TURNS = ["up", "down", "upVerb", "downVerb"] as const;

/**
 * Returns what is wrong with the relations between features: the facts say of each feature what it does to the risk,
 * and nothing of what one feature does to another or to anything else.
 * @param about Reasons that the sentence is about: its own, or those of the sentence before.
 */
export function linkProblem(
  tokens: readonly Token[],
  language: Language,
  about: readonly ReasonFact[],
): string | undefined {
  const names = tokens.flatMap(({ name }, i) => (name ? [{ name, at: i }] : []));
  for (const [i, { name, at }] of names.entries()) {
    const next = names[i + 1];
    if (next && next.name !== name && !isJoined(tokens.slice(at + 1, next.at)))
      return `{name:${name.id}} and {name:${next.name.id}} are related without "and" or a comma`;
    if (has(tokens[at + 1], "open") && nameAfter(tokens, at + 1) >= 0)
      return `a feature in brackets behind {name:${name.id}}`;
    if (has(tokens[at + 1], "risk")) return `a word directly behind {name:${name.id}} makes another name of it`;
    if (isPartOfScore(tokens, at)) return `{band} or a number directly before {name:${name.id}}`;
    if (isWordsOf(tokens, at) && name.quotes.length === 0) return `{name:${name.id}} is not words of a contract`;
    if (/^(of|von)$/.test(tokens[at - 1]?.text ?? "") && has(tokens[at - 2], "risk") && !has(tokens[at - 2], "noun"))
      return `the risk of {name:${name.id}} is not a fact`;
  }
  for (const [i, token] of tokens.entries()) {
    if (language === "en" && has(token, "upVerb", "downVerb") && !has(token, "higher", "lower", "up", "down"))
      if (nameAfter(tokens, i) >= 0) return `"${token.text}" has a feature as its object`;
    if (token.text === "used" && tokens[i + 1]?.text === "to") return '"used to" is history';
    if (/^(last|in last place|zuletzt)$/.test(token.text) && names.length < 2)
      return `"${token.text}" needs the features before it`;
    if (isCorrelative(tokens, i)) return `"${token.text}" relates a feature with the risk`;
    if (isFollowing(tokens, i)) return `"${token.text}" turns the order of the features round`;
    if (token.text === "than" && !has(tokens[i - 1], "higher", "lower")) return '"than" compares nothing';
    if (isCause(tokens, i) && relatesFeatures(tokens, names, i))
      return `"${token.text}" relates features with each other`;
    if (language === "de" && isFuture(tokens, i)) return `"${token.text}" is a forecast`;
    const isOwner = has(token, "body") && /^(has|have|shows|hat|haben|zeigt)$/.test(tokens[i + 1]?.text ?? "");
    if (isOwner && tokens.slice(i + 2, i + 5).some((one) => has(one, "up", "down"))) return `"${token.text}" is judged`;
    if (has(token, "contract") && !about.some(({ quotes }) => quotes.length > 0))
      return "the contract is mentioned without its words";
    if (has(token, "and", "comma")) {
      let next = i + 1;
      while (isArticle(tokens[next])) next++;
      if (has(tokens[next], "body") && has(tokens[next + 1], ...TURNS))
        return `"${tokens[next]?.text}" has no direction`;
    }
    if (i === 0 || (i === 1 && isArticle(tokens[0]))) {
      const isListed = has(tokens[i + 1], "and", "comma") && nameAfter(tokens, i + 1) >= 0;
      if (has(token, "body") && (isListed || has(tokens[i + 1], ...TURNS))) return `"${token.text}" has no direction`;
    }
    if (/^(before|ahead of|vor|followed by|gefolgt von)$/.test(token.text) && isPronoun(tokens, i + 1))
      return `"${token.text}" needs the name of a feature`;
  }
}

/** Whether a part of the score stands directly before a name: "the high late ratio". */
const isPartOfScore = (tokens: readonly Token[], at: number): boolean =>
  isScore(tokens[at - 1]) || tokens[at - 1]?.placeholder?.kind === "supplier";

/** Whether "the words" stands directly before a name. */
const isWordsOf = (tokens: readonly Token[], at: number): boolean =>
  /^(words?|terms?|clauses?|wording|phrases|wörter|worte|begriffe?|begriffen|klauseln?|contract (words|terms)|vertrags(begriffe|begriffen|wörter|wörtern|worte))$/.test(
    tokens[at - 1]?.text ?? "",
  );

const isPronoun = (tokens: readonly Token[], at: number): boolean =>
  has(tokens[at], "it") && nameAfter(tokens, at - 1) < 0 && tokens[at]?.name === undefined;

const isJoined = (between: readonly Token[]): boolean =>
  between.some((token) => isMark(token) || has(token, "and", "order"));

/** Whether "follows" has a feature on each side: the first one is then the weaker one. */
function isFollowing(tokens: readonly Token[], at: number): boolean {
  if (!/^(follows?|following|folgt|folgen)$/.test(tokens[at]?.text ?? "")) return false;
  const segments = segmentsOf(tokens);
  const hasName = (from: number, to: number): boolean =>
    tokens.some(({ name }, i) => i >= from && i < to && name !== undefined && segments[i] === segments[at]);
  return hasName(0, at) && hasName(at + 1, at + 5);
}

/** Whether a comparison is the second one of "the lower …, the higher …". */
function isCorrelative(tokens: readonly Token[], at: number): boolean {
  const isCompared = (i: number): boolean =>
    has(tokens[i], "higher", "lower") && /^(the|je)$/.test(tokens[i - 1]?.text ?? "");
  return isCompared(at) && tokens.some((_, i) => i < at && isCompared(i));
}

/** Whether a word begins a cause: "because", "due to"; "as" directly before a name. */
const isCause = (tokens: readonly Token[], at: number): boolean =>
  has(tokens[at], "cause") || (/^(as|da)$/.test(tokens[at]?.text ?? "") && nameAfter(tokens, at) >= 0);

/** Whether a cause has a feature on each side: before it, or in its own statement and behind that one. */
function relatesFeatures(
  tokens: readonly Token[],
  names: readonly { readonly name: ReasonFact; readonly at: number }[],
  cause: number,
): boolean {
  const before = new Set(names.filter(({ at }) => at < cause).map(({ name }) => name));
  if (before.size > 0) return names.some(({ name, at }) => at > cause && !before.has(name));
  const segments = segmentsOf(tokens);
  const end = tokens.findIndex((token, i) => i > cause && has(token, "comma") && segments[i] !== segments[i - 1]);
  if (end < 0) return false;
  const inside = new Set(names.filter(({ at }) => at < end).map(({ name }) => name));
  return inside.size > 0 && names.some(({ name, at }) => at > end && !inside.has(name));
}

/** Infinitives, which are a forecast behind "wird"; participles with this end are none. */
const INFINITIVE = /(?<!gestieg|gesunk|getrieb|gezog|gewachs|angehob)en$|[^g]ern$/;

/** Whether "wird" has an infinitive of a direction, in the same statement: "wird das Risiko erhöhen". */
function isFuture(tokens: readonly Token[], at: number): boolean {
  if (!/^(wird|werden)$/.test(tokens[at]?.text ?? "")) return false;
  const segments = segmentsOf(tokens);
  return tokens.some(
    (token, i) =>
      i > at && segments[i] === segments[at] && has(token, "upVerb", "downVerb") && INFINITIVE.test(token.text),
  );
}
