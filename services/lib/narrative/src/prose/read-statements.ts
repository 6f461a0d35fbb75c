import { type Claim, comparedOf } from "../claims/check-claims.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { namesBeside } from "./check-statements.ts";
import { readClaims } from "./read-claims.ts";
import type { Token } from "./read-tokens.ts";
import { has, nameBefore, segmentsOf } from "./token-places.ts";

/*
 * What a sentence states, as a set of texts such as "raises r1": the same for its claims and for its words, so that the
 * two can be compared.
 */

const directionOf = ({ id, direction }: ReasonFact): string =>
  `${direction === "increases" ? "raises" : "lowers"} ${id}`;

/**
 * Whether an accepted sentence says exactly what its claims state: nothing that no claim states, and all of them.
 * @param parts Its parts, as `checkProse` returns them. @param before Reasons of the sentence before.
 */
export function saysItsClaims(
  claims: readonly Claim[],
  parts: readonly (readonly Token[])[],
  facts: NarrativeFacts,
  language: Language,
  before: readonly ReasonFact[],
): boolean {
  const claimed = claims.flatMap((claim) => claimStatements(claim));
  const allowed = new Set(claims.flatMap((claim) => impliedStatements(claim)).concat(claimed));
  const said = new Set(parts.flatMap((part) => partStatements(part, facts, language, before)));
  return [...said].every((one) => allowed.has(one)) && claimed.every((one) => said.has(one));
}

/** What a claim states. */
function claimStatements({ kind, reasons, missing, quotes }: Claim): readonly string[] {
  switch (kind) {
    case "raises":
    case "lowers":
      return reasons.map(directionOf);
    case "order":
      return reasons.slice(1).map(({ id }) => `after ${id}`);
    case "quote":
      return quotes.map((quote) => `quote ${quote.text}`);
    case "missing":
      return [...missing.map((name) => `missing ${name}`), ...reasons.map(({ id }) => `missing ${id}`)];
    default:
      return reasons.length === 0 ? [kind] : reasons.map(({ id }) => `${kind} ${id}`);
  }
}

/** What words may say beside a claim, because it is a part of it. */
function impliedStatements({ kind, reasons }: Claim): readonly string[] {
  const names = reasons.map(({ id }) => `name ${id}`);
  if (kind === "strongest") return [...names, ...reasons.map(directionOf)];
  if (kind === "above" || kind === "below" || kind === "equal")
    return [...names, ...reasons.map(({ id }) => `typical ${id}`)];
  return names;
}

function partStatements(
  part: readonly Token[],
  facts: NarrativeFacts,
  language: Language,
  before: readonly ReasonFact[],
): readonly string[] {
  const claims = readClaims(part);
  const own = [...new Set(part.flatMap(({ name }) => name ?? []))];
  const names = own.length > 0 ? own : before;
  const { directions, sources, sames, opposites, orders, tops, sides, bands } = claims;
  const hasDirection =
    (sources && own.length > 0) || [directions, sames, opposites, orders].some(({ length }) => length > 0);
  const segments = segmentsOf(part);
  const order = orders[0] ?? part.length;
  const following = names.filter((name) => part.findIndex((token) => token.name === name) > order);
  const strongest = tops.flatMap((top) => {
    const beside = own.length > 0 ? namesBeside(part, segments, top) : names;
    return top < order ? beside.filter((name) => !following.includes(name)) : beside;
  });
  return [
    ...own.map(({ id }) => `name ${id}`),
    ...(hasDirection ? names.map(directionOf) : []),
    ...strongest.map(({ id }) => `${hasDirection ? "strongest" : "strongest_of_all"} ${id}`),
    ...(orders.length === 0
      ? []
      : (following.length > 0 ? following : names.slice(Math.min(1, names.length - 1))).map(({ id }) => `after ${id}`)),
    ...sides.flatMap(({ side, of }) => (of === undefined ? names : [of]).map(({ id }) => `${side} ${id}`)),
    ...(bands.length > 0 ? ["band"] : []),
    ...part.flatMap((token, i) => tokenStatements(token, part, i, facts, language, before)),
  ];
}

function tokenStatements(
  token: Token,
  part: readonly Token[],
  at: number,
  facts: NarrativeFacts,
  language: Language,
  before: readonly ReasonFact[],
): readonly string[] {
  const { placeholder } = token;
  if (placeholder === undefined) return has(token, "missing") ? missingStatements(part, at, facts, before) : [];
  const { kind, reasons } = placeholder;
  switch (kind) {
    case "supplier":
    case "name":
      return [];
    case "score":
    case "percent":
    case "prediction":
      return ["score"];
    case "band":
      return ["band"];
    case "missing":
      return facts.missing.map((name) => `missing ${name}`);
    case "effect":
      return reasons.flatMap((reason) => [`name ${reason.id}`, directionOf(reason)]);
    case "compared":
      return reasons.flatMap((reason) => [`${comparedOf(reason, language)} ${reason.id}`, `typical ${reason.id}`]);
    case "quotes":
      return reasons.flatMap(({ quotes }) => quotes.map(({ text }) => `quote ${text}`));
    default:
      return reasons.map(({ id }) => `${kind} ${id}`);
  }
}

/** What a word such as "unknown" states, where no placeholder of missing features is in its part. */
function missingStatements(
  part: readonly Token[],
  at: number,
  facts: NarrativeFacts,
  before: readonly ReasonFact[],
): readonly string[] {
  if (part.some(({ placeholder }) => placeholder?.kind === "missing")) return [];
  const place = nameBefore(part, at);
  const next = part.find(({ name }, i) => i > at && name !== undefined);
  const named = [part[place]?.name, next?.name, ...(before.length === 1 ? before : [])];
  const reason = named.find((one) => one !== undefined && isWithoutValue(one));
  // Words of missing data that belong to none of them: no claim states this.
  return [reason === undefined ? `missing ${facts.missing.length}` : `missing ${reason.id}`];
}

const isWithoutValue = ({ value, category, quotes }: ReasonFact): boolean =>
  value === null && category === "" && quotes.length === 0;
