import { CLAIM_KINDS, isObject, type SentClaims } from "../answer/read-answer.ts";
import type { ContractQuote } from "../facts/contract-quotes.ts";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { areFirst, comparisonOf, isMissing } from "../facts/reason-values.ts";

/** What a claim states. */
export type ClaimKind = (typeof CLAIM_KINDS)[number];

/** A claim that is true of the facts. Only the fields of its kind have entries. */
export interface Claim {
  readonly kind: ClaimKind;
  /** The features that it is about, in the order of the claim. */
  readonly reasons: readonly ReasonFact[];
  /** Names for people of the features that it calls missing and that are not reasons. */
  readonly missing: readonly string[];
  readonly quotes: readonly ContractQuote[];
}

/** The claims of a sentence; or what is wrong with one of them, in words for the language model. */
export type CheckedClaims =
  | { readonly claims: readonly Claim[]; readonly problem?: undefined }
  | { readonly problem: string };

/** Maximum number of claims of a sentence. */
export const MAX_CLAIMS = 24;

/** Id of the fact that all missing features are. */
const ALL_MISSING = "missing";

/** Returns the id of a missing feature. @param index Its position from 0. */
export const missingId = (index: number): string => `m${index + 1}`;

/**
 * Returns the id of a quote: its reason and its place in the contract ("r4@17-24"), so that another place is another
 * quote. Where the service does not have the contract, its position from 1 ("r4@1").
 */
export const quoteId = ({ id }: ReasonFact, { start, end }: ContractQuote, index: number): string =>
  start < 0 ? `${id}@${index + 1}` : `${id}@${start}-${end}`;

/**
 * Compares the claims of a sentence with the facts. All must be true: a claim of an unknown kind, of an unknown fact,
 * or that the facts do not confirm makes the sentence false.
 */
export function checkClaims(sent: SentClaims, facts: NarrativeFacts): CheckedClaims {
  if (sent.length > MAX_CLAIMS) return { problem: `the sentence has more than ${MAX_CLAIMS} claims` };
  const claims: Claim[] = [];
  for (const json of sent) {
    const claim = readClaim(json, facts);
    if (typeof claim === "string") return { problem: claim };
    claims.push(claim);
  }
  return { claims };
}

/** Whether a value is an object with the fields of a claim and no other ones, which could state something. */
const hasKindAndFacts = (json: unknown): json is Record<"kind" | "facts", unknown> =>
  isObject(json) && Object.keys(json).toSorted().join() === "facts,kind";

const NOTHING = { reasons: [], missing: [], quotes: [] } as const;

/** Returns a true claim, or what is wrong with it. */
function readClaim(json: unknown, facts: NarrativeFacts): Claim | string {
  if (!hasKindAndFacts(json)) return "a claim has not the form that is asked for";
  const kind = CLAIM_KINDS.find((one) => one === json.kind);
  if (kind === undefined) return "a claim has an unknown kind";
  const { facts: ids } = json;
  if (!Array.isArray(ids) || !ids.every((id): id is string => typeof id === "string")) return "a claim has no facts";
  if (ids.length === 0 || new Set(ids).size !== ids.length) return `a claim "${kind}" names no fact, or one twice`;
  if (kind === "score" || kind === "band" || kind === "nothing_raises" || kind === "nothing_lowers")
    return ids.join() === "score" ? scoreClaim(kind, facts) : `a claim "${kind}" names the fact "score" only`;
  if (kind === "missing") return missingClaim(ids, facts);
  if (kind === "quote") return quoteClaim(ids, facts);
  const reasons = ids.flatMap((id) => facts.reasons.find((reason) => reason.id === id) ?? []);
  if (reasons.length !== ids.length) return `a claim "${kind}" names a fact that does not exist`;
  const wrong = reasonsProblem(kind, reasons);
  return wrong === undefined
    ? { ...NOTHING, kind, reasons }
    : `the claim "${kind}" of ${ids.join()} is false: ${wrong}`;
}

function scoreClaim(
  kind: "score" | "band" | "nothing_raises" | "nothing_lowers",
  { riskScore, prediction, reasons, unstated = [] }: NarrativeFacts,
): Claim | string {
  const claim = { ...NOTHING, kind };
  if (kind === "score") return riskScore === null && prediction === null ? "there is no score" : claim;
  if (kind === "band") return riskScore === null ? "there is no band" : claim;
  const direction = kind === "nothing_raises" ? "increases" : "lowers";
  return unstated.includes(direction) || reasons.some((reason) => reason.direction === direction)
    ? `the claim "${kind}" is false`
    : claim;
}

function missingClaim(ids: readonly string[], facts: NarrativeFacts): Claim | string {
  const missing: string[] = [];
  const reasons: ReasonFact[] = [];
  for (const id of ids) {
    const reason = facts.reasons.find((one) => one.id === id);
    const named = id === ALL_MISSING ? facts.missing : facts.missing.filter((_, i) => missingId(i) === id);
    if (reason === undefined && named.length === 0) return `"${id}" is not missing`;
    if (reason !== undefined && !isMissing(reason, facts.missing))
      return `${id} has a value, and a claim says that it is missing`;
    if (reason) reasons.push(reason);
    missing.push(...named.filter((name) => !missing.includes(name)));
  }
  return { ...NOTHING, kind: "missing", reasons, missing };
}

function quoteClaim(ids: readonly string[], facts: NarrativeFacts): Claim | string {
  const found = ids.map((id) =>
    facts.reasons
      .flatMap((reason) => reason.quotes.map((quote, i) => ({ reason, quote, id: quoteId(reason, quote, i) })))
      .find((one) => one.id === id),
  );
  const quoted = found.flatMap((one) => one ?? []);
  if (quoted.length !== ids.length) return "a claim quotes words that the contract does not have at this place";
  const reasons = [...new Set(quoted.map(({ reason }) => reason))];
  return { ...NOTHING, kind: "quote", reasons, quotes: quoted.map(({ quote }) => quote) };
}

type ReasonClaimKind = Exclude<ClaimKind, "score" | "band" | "nothing_raises" | "nothing_lowers" | "missing" | "quote">;

/** Returns why a claim about reasons is false. */
function reasonsProblem(kind: ReasonClaimKind, reasons: readonly ReasonFact[]): string | undefined {
  const firstNot = (holds: (reason: ReasonFact) => boolean): string | undefined =>
    reasons.find((reason) => !holds(reason))?.id;
  const named = (id: string | undefined, text: string): string | undefined =>
    id === undefined ? undefined : `${id} ${text}`;
  switch (kind) {
    case "raises":
      return named(
        firstNot(({ direction }) => direction === "increases"),
        "lowers the risk",
      );
    case "lowers":
      return named(
        firstNot(({ direction }) => direction === "lowers"),
        "increases the risk",
      );
    case "value":
      return named(
        firstNot(({ value, category }) => value !== null || category !== ""),
        "has no value",
      );
    case "typical":
      return named(
        firstNot(({ typical, typicalCategory }) => typical !== null || typicalCategory !== ""),
        "has no typical value",
      );
    case "above":
    case "below":
    case "equal":
      return named(
        firstNot((reason) => comparisonOf(reason) === kind),
        "does not compare so",
      );
    case "strongest":
      if (new Set(reasons.map(({ direction }) => direction)).size > 1) return "they have both directions";
      return areFirst(reasons.map(({ rank }) => rank)) ? undefined : "others of this direction are stronger";
    case "strongest_of_all":
      return areFirst(reasons.map(({ overallRank }) => overallRank)) ? undefined : "others are stronger";
    case "order":
      if (reasons.length < 2) return "an order needs two facts";
      return reasons.every(({ overallRank }, i) => i === 0 || overallRank > (reasons[i - 1]?.overallRank ?? 0))
        ? undefined
        : "the order is another one";
  }
}
