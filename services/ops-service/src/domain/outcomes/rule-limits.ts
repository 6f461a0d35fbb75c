import type { RuleSet } from "@bellwether/config/alert-rules";
import { isForTheRest, type RuleScope } from "@bellwether/config/rule-scope";
import { scopeOf } from "../alerts/evaluate-rule-sets.ts";
import type { SetScope } from "../alerts/evaluate-rules.ts";

/** The limits of a rule set that performance is measured with. */
export interface RuleLimits {
  readonly setId: string;
  readonly appliesTo: RuleScope;
  /** The suppliers to which the set applies. Null: all. */
  readonly scope: SetScope | null;
  /** Score from which the set raises an alert. */
  readonly threshold: number;
  /** Number of suppliers that the set selects in a week. */
  readonly capacity: number;
  /** Number of the activation that made it active. Null: the set is that of the file. */
  readonly activation: number | null;
}

/** Returns the limits of the active rule sets of a model, each with the number of its activation. */
export function ruleLimits(
  active: readonly { readonly rules: RuleSet; readonly activation: number | null }[],
): readonly RuleLimits[] {
  const sets = active.map(({ rules }) => rules);
  return active.map(({ rules, activation }) => ({
    ...{ setId: rules.id, appliesTo: rules.appliesTo, scope: scopeOf(rules, sets) ?? null, activation },
    ...{ threshold: rules.scoreThreshold.raise, capacity: rules.weeklyCapacity.suppliers },
  }));
}

/** Whether a supplier of this region and category is in a scope. "": not known, which no list contains. */
export function isInScope(scope: SetScope | null, region: string, category: string): boolean {
  if (scope === null) return true;
  const has = (values: readonly string[], value: string): boolean => values.length === 0 || values.includes(value);
  const names = (one: RuleScope): boolean => has(one.regions, region) && has(one.categories, category);
  return names(scope.appliesTo) && !scope.except.some((one) => !isForTheRest(one) && names(one));
}

/** Creates a function that returns the position of the set that applies to a supplier. -1: none does. */
export function createSetFinder(
  sets: readonly Pick<RuleLimits, "scope">[],
): (region: string, category: string) => number {
  const known = new Map<string, Map<string, number>>();
  return (region, category) => {
    const ofRegion = known.get(region) ?? new Map<string, number>();
    known.set(region, ofRegion);
    const found = ofRegion.get(category) ?? sets.findIndex(({ scope }) => isInScope(scope, region, category));
    ofRegion.set(category, found);
    return found;
  };
}
