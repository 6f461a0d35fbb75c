import { type SupplierScope, scopeListViolation, supplierScope } from "../call/supplier-scope.ts";

/** Name of the claim of a token with the suppliers that its caller sees: an object with regions, categories or both. */
export const SCOPE_CLAIM = "supplier_scope";

const LISTS: ReadonlySet<string> = new Set(["regions", "categories"]);

/**
 * Reads the scope claim. A claim that is there and says nothing is a violation, because a caller must not see more than
 * its issuer meant. Undefined: the token has no such claim, and its caller sees all suppliers.
 * @param reject makes the error for a violation, which is the end of a sentence
 */
export function scopeFromClaim(claim: unknown, reject: (violation: string) => Error): SupplierScope | undefined {
  if (claim === undefined) return undefined;
  if (typeof claim !== "object" || claim === null || Array.isArray(claim)) throw reject("is not an object");
  const unknown = Object.keys(claim).find((name) => !LISTS.has(name));
  if (unknown !== undefined) throw reject("has a member besides regions and categories");
  const listOf = (name: "regions" | "categories"): readonly string[] => {
    const value: unknown = Object.hasOwn(claim, name) ? Reflect.get(claim, name) : [];
    const violation = scopeListViolation(value);
    if (violation !== undefined) throw reject(`${violation} (${name})`);
    return value as readonly string[];
  };
  const scope = supplierScope({ regions: listOf("regions"), categories: listOf("categories") });
  if (!scope) throw reject("has no region and no category");
  return scope;
}
