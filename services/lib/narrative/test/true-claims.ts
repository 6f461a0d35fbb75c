import { missingId, quoteId } from "../src/claims/check-claims.ts";
import type { NarrativeFacts, ReasonFact } from "../src/facts/narrative-facts.ts";
import { comparisonOf, isMissing } from "../src/facts/reason-values.ts";

/** A claim as it is sent. */
export interface SentClaim {
  readonly kind: string;
  readonly facts: readonly string[];
}

/** Returns all claims about single facts that are true. */
export function allTrueClaims(facts: NarrativeFacts): SentClaim[] {
  const has = (direction: ReasonFact["direction"]): boolean => facts.reasons.some((one) => one.direction === direction);
  return [
    { kind: "score", facts: ["score"] },
    { kind: "band", facts: ["score"] },
    ...(has("increases") ? [] : [{ kind: "nothing_raises", facts: ["score"] }]),
    ...(has("lowers") ? [] : [{ kind: "nothing_lowers", facts: ["score"] }]),
    ...facts.missing.map((_, i) => ({ kind: "missing", facts: [missingId(i)] })),
    ...facts.reasons.flatMap((reason): SentClaim[] => {
      const { id, direction, rank, overallRank, value, typical, category, typicalCategory, quotes } = reason;
      const compared = comparisonOf(reason);
      const hasValue = value !== null || category !== "";
      return [
        { kind: direction === "increases" ? "raises" : "lowers", facts: [id] },
        ...(rank === 1 ? [{ kind: "strongest", facts: [id] }] : []),
        ...(overallRank === 1 ? [{ kind: "strongest_of_all", facts: [id] }] : []),
        ...(hasValue ? [{ kind: "value", facts: [id] }] : []),
        ...(typical !== null || typicalCategory !== "" ? [{ kind: "typical", facts: [id] }] : []),
        ...(compared === undefined ? [] : [{ kind: compared, facts: [id] }]),
        ...(isMissing(reason, facts.missing) ? [{ kind: "missing", facts: [id] }] : []),
        ...quotes.map((quote, i) => ({ kind: "quote", facts: [quoteId(reason, quote, i)] })),
      ];
    }),
    ...facts.reasons
      .toSorted((a, b) => a.overallRank - b.overallRank)
      .flatMap(({ id }, i, all) => {
        const next = all[i + 1];
        return next ? [{ kind: "order", facts: [id, next.id] }] : [];
      }),
  ];
}
