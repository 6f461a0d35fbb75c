import type { Claim, ClaimKind } from "../claims/check-claims.ts";
import type { ContractQuote } from "../facts/contract-quotes.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { comparisonOf, isMissing } from "../facts/reason-values.ts";
import { createClaimRenderer } from "./render-claims.ts";

/**
 * Who chose the content of a sentence: service, a language model, whose claims the service has put into words;
 * template, the service. All words of both are the service's.
 */
export type SentenceWording = "service" | "template";

/** A sentence to show. */
export interface ShownSentence {
  readonly text: string;
  readonly wording: SentenceWording;
}

/** A narrative in the words of the service. */
export interface WrittenNarrative {
  readonly sentences: readonly ShownSentence[];
  /** The words of the contract that the sentences quote. */
  readonly quotes: readonly ContractQuote[];
  /** Whether the claims say the score, its band and the strongest reason of each direction. */
  readonly isComplete: boolean;
}

/**
 * Writes checked claims as sentences, in their order. What the claims do not say of the score, its band, the strongest
 * reason of each direction and the missing features is added.
 */
export function writeNarrative(
  claimed: readonly (readonly Claim[])[],
  supplierId: string,
  facts: NarrativeFacts,
  language: Language,
): WrittenNarrative {
  const said = claimed.flat();
  const score = unsaidScore(said, facts);
  const reasons = unsaidReasons(said, facts);
  const missing = unsaidMissing(said, facts);
  const { render } = createClaimRenderer(supplierId, facts, language);
  const written = (claims: readonly (readonly Claim[])[], wording: SentenceWording): ShownSentence[] =>
    claims.flatMap((one) => render(one).map((text) => ({ text, wording })));
  return {
    sentences: [
      ...written([score], "template"),
      ...written(claimed, "service"),
      ...written([...reasons, missing], "template"),
    ],
    quotes: [...new Set([...said, ...reasons.flat()].flatMap(({ quotes }) => quotes))],
    // An answer is valid even if it does not mention the missing features.
    isComplete: score.length === 0 && reasons.length === 0,
  };
}

const claim = (kind: ClaimKind, fields: Partial<Omit<Claim, "kind">> = {}): Claim => ({
  ...{ kind, reasons: [], missing: [], quotes: [] },
  ...fields,
});

function unsaidScore(said: readonly Claim[], { riskScore }: NarrativeFacts): readonly Claim[] {
  const says = (kind: ClaimKind): boolean => said.some((one) => one.kind === kind);
  const hasBand = riskScore !== null;
  if (says("score") && (!hasBand || says("band"))) return [];
  return [claim("score"), ...(hasBand ? [claim("band")] : [])];
}

/** Returns the strongest reason of each direction, where no claim says its direction. */
function unsaidReasons(said: readonly Claim[], { reasons, missing }: NarrativeFacts): readonly (readonly Claim[])[] {
  const directed = new Set(
    said.flatMap((one) => (["raises", "lowers", "strongest"].includes(one.kind) ? one.reasons : [])),
  );
  const first = (["increases", "lowers"] as const).flatMap(
    (direction) => reasons.find((reason) => reason.direction === direction) ?? [],
  );
  return first.filter((reason) => !directed.has(reason)).map((reason) => claimsAbout(reason, missing));
}

/**
 * Returns the claim that the facts allow about the first reason of a direction: that it is the strongest, unless a
 * contribution that is not a reason is larger.
 */
function claimsAbout(reason: ReasonFact, missing: readonly string[]): readonly Claim[] {
  const { value, category, typical, typicalCategory, quotes } = reason;
  const comparison = comparisonOf(reason);
  const hasTypical = typical !== null || typicalCategory !== "";
  const about = { reasons: [reason] };
  return [
    claim(reason.rank === 1 ? "strongest" : reason.direction === "increases" ? "raises" : "lowers", about),
    ...(value !== null || category !== "" ? [claim("value", about)] : []),
    ...(comparison !== undefined ? [claim(comparison, about)] : hasTypical ? [claim("typical", about)] : []),
    ...(isMissing(reason, missing) ? [claim("missing", about)] : []),
    ...(quotes.length > 0 ? [claim("quote", { ...about, quotes })] : []),
  ];
}

function unsaidMissing(said: readonly Claim[], facts: NarrativeFacts): readonly Claim[] {
  const claims = said.filter(({ kind }) => kind === "missing");
  const named = new Set(claims.flatMap(({ reasons, missing }) => [...missing, ...reasons.map(({ label }) => label)]));
  const missing = facts.missing.filter((name) => !named.has(name));
  return missing.length === 0 ? [] : [claim("missing", { missing })];
}
