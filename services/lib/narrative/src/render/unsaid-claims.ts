import type { Claim, ClaimKind } from "../claims/check-claims.ts";

/** Claims that are not about single features. */
const WHOLE_KINDS: ReadonlySet<ClaimKind> = new Set<ClaimKind>([
  ...(["score", "band", "strongest", "strongest_of_all", "order", "nothing_raises", "nothing_lowers"] as const),
]);

/**
 * Returns a function that returns what of some claims is new, and remembers it: claims of single features are said once
 * in a narrative.
 */
export function createUnsaidFilter(): (claims: readonly Claim[]) => readonly Claim[] {
  const said = new Set<string>();
  const isNew = (...of: readonly unknown[]): boolean => {
    const key = JSON.stringify(of);
    const before = said.size;
    return said.add(key).size > before;
  };
  const unsaid = (claim: Claim): readonly Claim[] => {
    const { kind } = claim;
    const ids = claim.reasons.map(({ id }) => id);
    if (kind === "quote") {
      const quotes = claim.quotes.filter(({ text, start }) => isNew(kind, text, start));
      const reasons = claim.reasons.filter((reason) => quotes.some((quote) => reason.quotes.includes(quote)));
      return quotes.length === 0 ? [] : [{ ...claim, reasons, quotes }];
    }
    if (WHOLE_KINDS.has(kind)) return isNew(kind, ids) ? [claim] : [];
    const reasons = claim.reasons.filter(({ id, label }) => {
      if (kind === "missing") isNew(kind, "name", label);
      return isNew(kind, id);
    });
    const missing = claim.missing.filter((name) => isNew(kind, "name", name));
    return reasons.length + missing.length === 0 ? [] : [{ ...claim, reasons, missing }];
  };
  return (claims) => {
    const fresh = claims.flatMap(unsaid);
    // A claim that a feature is the strongest also states the direction of the feature.
    for (const { kind, reasons } of claims)
      if (kind === "strongest")
        for (const { id, direction } of reasons) isNew(direction === "increases" ? "raises" : "lowers", id);
    return fresh;
  };
}
