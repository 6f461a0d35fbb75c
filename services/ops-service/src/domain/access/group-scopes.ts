import { type SupplierScope, scopeListViolation, supplierScope } from "@bellwether/mesh/call/supplier-scope";
import { ScopeConflictError, ScopeMissingError } from "./sign-in-error.ts";

/** The suppliers that a group sees. */
export type GroupScope = SupplierScope | "all";

/**
 * Returns the suppliers that a person sees: all that one of the groups sees. Undefined: all suppliers.
 * @param scopes those of each group; groups without one count for nothing
 * @throws ScopeMissingError when no group has a scope, ScopeConflictError when the scopes together are not one scope
 */
export function scopeOfGroups(
  groups: readonly string[],
  scopes: ReadonlyMap<string, GroupScope>,
): SupplierScope | undefined {
  const known = groups.filter((group) => scopes.has(group));
  if (known.length === 0) throw new ScopeMissingError([...scopes.keys()]);
  const given: SupplierScope[] = [];
  for (const group of known) {
    const scope = scopes.get(group);
    if (scope === undefined || scope === "all") return undefined;
    given.push(scope);
  }
  const [only, ...others] = joined(given);
  if (!only || others.length > 0) throw new ScopeConflictError(known);
  return only;
}

/** Joins scopes as long as two of them together are one scope. */
function joined(scopes: readonly SupplierScope[]): readonly SupplierScope[] {
  for (const [i, first] of scopes.entries())
    for (const second of scopes.slice(i + 1)) {
      const both = union(first, second);
      if (both) return joined([both, ...scopes.filter((scope) => scope !== first && scope !== second)]);
    }
  return scopes;
}

/**
 * Returns the scope of all suppliers that one of two scopes has. Undefined: no scope has exactly these. Steel in Europe and
 * glass in Asia are not one scope, because it would have the glass of Europe too.
 */
function union(a: SupplierScope, b: SupplierScope): SupplierScope | undefined {
  const [regions, categories] = [both(a.regions, b.regions), both(a.categories, b.categories)];
  if (isSame(a.categories, b.categories)) return supplierScope({ regions, categories: a.categories });
  if (isSame(a.regions, b.regions)) return supplierScope({ regions: a.regions, categories });
  if (contains(a, b)) return a;
  return contains(b, a) ? b : undefined;
}

/** An empty list is every value, also together with others. */
const both = (a: readonly string[], b: readonly string[]): readonly string[] =>
  a.length === 0 || b.length === 0 ? [] : [...a, ...b];

const isSame = (a: readonly string[], b: readonly string[]): boolean => hasAll(a, b) && hasAll(b, a);

const hasAll = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === 0 || (b.length > 0 && b.every((value) => a.includes(value)));

const contains = (a: SupplierScope, b: SupplierScope): boolean =>
  hasAll(a.regions, b.regions) && hasAll(a.categories, b.categories);

/**
 * Reads the suppliers of each group: a JSON object with "all", or with regions, categories or both, per group.
 * @throws Error that names the group
 */
export function parseGroupScopes(text: string): ReadonlyMap<string, GroupScope> {
  const groups = objectOf(parsed(text));
  if (!groups || Object.keys(groups).length === 0) throw new Error("is not a JSON object with groups");
  return new Map(Object.entries(groups).map(([group, given]) => [group, groupScope(group, given)]));
}

function groupScope(group: string, given: unknown): GroupScope {
  if (given === "all") return "all";
  const named = `the group ${JSON.stringify(group)}`;
  const lists = objectOf(given);
  if (!lists) throw new Error(`${named} has neither "all" nor an object with regions, categories or both`);
  const other = Object.keys(lists).find((name) => name !== "regions" && name !== "categories");
  if (other !== undefined)
    throw new Error(`${named} has ${JSON.stringify(other)}; expected regions, categories or both`);
  const listOf = (name: string): readonly string[] => {
    const value = lists[name] ?? [];
    const violation = scopeListViolation(value);
    if (violation !== undefined) throw new Error(`${named}: ${name} ${violation}`);
    return value as readonly string[];
  };
  const scope = supplierScope({ regions: listOf("regions"), categories: listOf("categories") });
  if (!scope) throw new Error(`${named} has no region and no category; "all" gives it all suppliers`);
  return scope;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error("is not JSON", { cause });
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
