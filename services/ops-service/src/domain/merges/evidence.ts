import { matchKey } from "../suppliers/match-key.ts";
import { identifierKey } from "../suppliers/search-key.ts";
import type { SupplierIdentity } from "./identity.ts";

/** A fact that two suppliers have in common. */
export type Evidence =
  | { readonly fact: "identifier"; readonly kind: string; readonly value: string }
  | { readonly fact: "region" | "category"; readonly value: string }
  /** Without the names: they are texts about one of the suppliers, which can be erased. */
  | { readonly fact: "name" };

/** Returns what two suppliers have in common, identifiers first. Values are those of the first supplier. */
export function findEvidence(first: SupplierIdentity, second: SupplierIdentity): readonly Evidence[] {
  const keys = new Map(second.identifiers.map(({ kind, value }) => [kind, identifierKey(value)]));
  const identifiers = first.identifiers
    .filter(({ kind, value }) => identifierKey(value) !== "" && keys.get(kind) === identifierKey(value))
    .map(({ kind, value }): Evidence => ({ fact: "identifier", kind, value }));
  const name = matchKey(first.name);
  const isSimilar = name !== "" && name === matchKey(second.name);
  const common = (["region", "category"] as const).filter((fact) => first[fact] !== "" && first[fact] === second[fact]);
  return [
    ...identifiers,
    ...(isSimilar ? [{ fact: "name" } as const] : []),
    ...common.map((fact): Evidence => ({ fact, value: first[fact] })),
  ];
}

/** Returns whether the suppliers have an identifier in common: only then a merge needs no reason. */
export function hasCommonIdentifier(evidence: readonly Evidence[]): boolean {
  return evidence.some(({ fact }) => fact === "identifier");
}

/** Returns whether a pair is proposed as a possible duplicate. A similar name alone is not enough. */
export function isProposed(evidence: readonly Evidence[]): boolean {
  if (hasCommonIdentifier(evidence)) return true;
  return evidence.length > 1 && evidence.some(({ fact }) => fact === "name");
}
