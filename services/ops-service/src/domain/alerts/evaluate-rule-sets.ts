import type { RuleSet } from "@bellwether/config/alert-rules";
import { isForTheRest, type RuleScope } from "@bellwether/config/rule-scope";
import type { AlertChange } from "./alert.ts";
import {
  type EvaluationStore,
  evaluateRules,
  type RuleRun,
  type RulesOutcome,
  type SetScope,
} from "./evaluate-rules.ts";

/**
 * Evaluates rule sets on a published run, each on its own suppliers, one set after another. A supplier of no set keeps
 * its alerts.
 * @param within returns the store of the suppliers of a scope; undefined: of all suppliers
 */
export async function evaluateRuleSets(
  within: (scope: SetScope | undefined) => EvaluationStore,
  sets: readonly RuleSet[],
  run: RuleRun,
): Promise<RulesOutcome> {
  const changes: AlertChange[] = [];
  let alertsRaised = 0;
  for (const set of sets) {
    const outcome = await evaluateRules(within(scopeOf(set, sets)), set, run);
    if (outcome.overtakenBy !== "") return outcome;
    changes.push(...outcome.changes);
    alertsRaised += outcome.alertsRaised;
  }
  return { alertsRaised, overtakenBy: "", changes };
}

/** Returns the suppliers to which a set applies. Undefined: all. */
export function scopeOf({ id, appliesTo }: RuleSet, sets: readonly RuleSet[]): SetScope | undefined {
  const others = sets.filter((set) => set.id !== id).map((set) => set.appliesTo);
  const except: readonly RuleScope[] = isForTheRest(appliesTo) ? others : [];
  return isForTheRest(appliesTo) && except.length === 0 ? undefined : { appliesTo, except };
}
