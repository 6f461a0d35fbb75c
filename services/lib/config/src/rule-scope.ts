/** The suppliers to which a rule set applies. */
export interface RuleScope {
  /** Regions, as in the supplier's master data. Empty: all regions. */
  readonly regions: readonly string[];
  /** Categories, as for the regions. Empty: all categories. */
  readonly categories: readonly string[];
}

/** What a comparison of rule sets needs to know of one. */
interface ScopedSet {
  readonly id: string;
  readonly appliesTo: RuleScope;
  readonly scoreThreshold: { readonly id: string };
  readonly weeklyCapacity: { readonly id: string };
  readonly changes: readonly { readonly id: string }[];
}

/** Whether a rule set applies to every supplier that no other set names. */
export function isForTheRest({ regions, categories }: RuleScope): boolean {
  return regions.length === 0 && categories.length === 0;
}

/**
 * Says in one sentence why rule sets cannot be used together: a supplier would belong to two of them, or a set or a rule
 * has the id of another one. Undefined: they can.
 */
export function conflictOf(sets: readonly ScopedSet[]): string | undefined {
  for (const [i, a] of sets.entries())
    for (const b of sets.slice(i + 1)) {
      if (a.id === b.id) return `two rule sets with the id "${a.id}"`;
      const overlap = overlapOf(a.appliesTo, b.appliesTo);
      if (overlap !== undefined) return `the rule sets "${a.id}" and "${b.id}" overlap: both apply to ${overlap}`;
    }
  const owner = new Map<string, string>();
  for (const set of sets)
    for (const { id } of [set.scoreThreshold, set.weeklyCapacity, ...set.changes]) {
      const other = owner.get(id);
      if (other === set.id) return `two rules with the id "${id}" in the rule set "${set.id}"`;
      if (other !== undefined) return `the rule id "${id}" in both rule sets "${other}" and "${set.id}"`;
      owner.set(id, set.id);
    }
  return undefined;
}

/** Describes suppliers to which both scopes apply. Undefined: there are none, or one of the scopes is for the rest. */
function overlapOf(a: RuleScope, b: RuleScope): string | undefined {
  if (isForTheRest(a) && isForTheRest(b)) return "all suppliers that no other rule set names";
  if (isForTheRest(a) || isForTheRest(b)) return undefined;
  const region = common(a.regions, b.regions);
  const category = common(a.categories, b.categories);
  if (region === undefined || category === undefined) return undefined;
  const ofRegion = region === "" ? "any region" : `the region "${region}"`;
  return `suppliers of ${ofRegion} and ${category === "" ? "any category" : `the category "${category}"`}`;
}

/** Returns a value that both lists select. Empty: both select every value. Undefined: there is none. */
function common(a: readonly string[], b: readonly string[]): string | undefined {
  if (a.length === 0) return b[0] ?? "";
  if (b.length === 0) return a[0];
  return a.find((value) => b.includes(value));
}
