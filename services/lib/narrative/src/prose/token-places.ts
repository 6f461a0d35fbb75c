import type { Token, TokenRole } from "./read-tokens.ts";

/** Words that may stand between an adjective and the name that it belongs to. */
const ARTICLE =
  /^(the|a|an|its|their|this|these|of|der|die|das|des|dem|den|ein|eine|einen|einem|einer|sein|seine|von)$/;
/** Prepositions between a value and its feature: "a value of 3 for late ratio". */
const VALUE_OF = /^(for|of|in|on|bei|für|von|beim)$/;
/** Pronouns that can be the object of a direction. */
const OBJECT = /^(it|es|er|ihn|ihm|this|dies)$/;

export const has = (token: Token | undefined, ...roles: readonly TokenRole[]): boolean =>
  token !== undefined && roles.some((role) => token.roles.has(role));

/** Whether a token is a mark or a word between two statements, whatever follows. */
export const isMark = (token: Token | undefined): boolean =>
  has(token, "comma", "semicolon", "colon", "open", "close") ||
  (has(token, "split") && token?.placeholder === undefined);

export const isArticle = (token: Token | undefined): boolean => token !== undefined && ARTICLE.test(token.text);
export const isObject = (token: Token): boolean => has(token, "risk") || OBJECT.test(token.text);
export const isValueOf = (token: Token | undefined): boolean => token !== undefined && VALUE_OF.test(token.text);
/** Whether a token is a number or a category of a reason. */
export const isValue = (token: Token | undefined): boolean =>
  ["value", "typical", "compared"].includes(token?.placeholder?.kind ?? "");
/** Whether a token is a part of the score. */
export const isScore = (token: Token | undefined): boolean =>
  ["score", "percent", "band", "prediction"].includes(token?.placeholder?.kind ?? "");

/** Returns the place of the name that an adjective at `at` belongs to; -1 when no name follows it. */
export function nameAfter(tokens: readonly Token[], at: number): number {
  let i = at + 1;
  while (isArticle(tokens[i]) || (has(tokens[i], "noun") && !has(tokens[i], "risk"))) i++;
  return tokens[i]?.name ? i : -1;
}

/** Returns the place of the last name before `at`; -1 when there is none. */
export const nameBefore = (tokens: readonly Token[], at: number): number =>
  tokens.slice(0, at).findLastIndex(({ name }) => name !== undefined);

/**
 * Returns, for each token, the number of its segment: what stands between two marks or words that begin another
 * statement. A comma or "and" between the members of a list of names separates no segments.
 */
export function segmentsOf(tokens: readonly Token[]): readonly number[] {
  let segment = 0;
  return tokens.map((token, i) => {
    if ((isMark(token) || has(token, "and")) && !isInList(tokens, i)) segment++;
    return segment;
  });
}

const ENDS_LIST = ["upVerb", "downVerb", "up", "down", "top", "source", "risk", "cause", "semicolon", "colon"] as const;

/** Whether a mark or "and" joins two names of a list, which can have their values behind them. */
function isInList(tokens: readonly Token[], at: number): boolean {
  if (has(tokens[at], "split", "semicolon", "colon")) return false;
  const before = nameBefore(tokens, at);
  const after = tokens.findIndex(({ name }, i) => i > at && name !== undefined);
  const depth = tokens
    .slice(0, at)
    .reduce((sum, token) => sum + Number(has(token, "open")) - Number(has(token, "close")), 0);
  if (depth > 0 || has(tokens[at], "open", "close")) return before >= 0;
  if (before < 0 || after < 0) return false;
  const between = tokens.slice(before + 1, after);
  return between.every((token) => !has(token, ...ENDS_LIST) && !has(token, "be"));
}
