import { type RuleSet, ruleIdsOf } from "@bellwether/config/alert-rules";
import { isForTheRest, type RuleScope } from "@bellwether/config/rule-scope";
import type { AlertChange } from "./alert.ts";
import { decideRetired } from "./decide-alert.ts";
import {
  type EvaluationStore,
  evaluateRules,
  type RuleRun,
  type RulesOutcome,
  type SetScope,
} from "./evaluate-rules.ts";

/**
 * Evaluates rule sets on a published run, each on its own suppliers, one set after another. A supplier of no set keeps
 * its alerts, except open ones of rules that no set has.
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
  if (!sets.some(({ appliesTo }) => isForTheRest(appliesTo))) {
    const except = sets.map(({ appliesTo }) => appliesTo);
    const ofNoSet = within({ appliesTo: { regions: [], categories: [] }, except });
    changes.push(...(await resolveUnused(ofNoSet, new Set(sets.flatMap(ruleIdsOf)), run)));
  }
  return { alertsRaised, overtakenBy: "", changes };
}

/** Resolves the open alerts of rules that are not in use any more. */
async function resolveUnused(
  store: EvaluationStore,
  inUse: ReadonlySet<string>,
  { runId, modelName, now }: RuleRun,
): Promise<readonly AlertChange[]> {
  const active = await store.activeAlerts(modelName);
  const open = active.filter((alert) => !inUse.has(alert.ruleId) && decideRetired(alert, now) !== undefined);
  // Decided again for alerts on which somebody has acted since they were read.
  const acted = new Map((await store.lock(open.map(({ id }) => id))).map((alert) => [alert.id, alert]));
  const changes = open.flatMap((alert) => decideRetired(acted.get(alert.id) ?? alert, now) ?? []);
  await store.save(runId, changes);
  return changes;
}

/** Returns the suppliers to which a set applies. Undefined: all. */
export function scopeOf({ id, appliesTo }: RuleSet, sets: readonly RuleSet[]): SetScope | undefined {
  const others = sets.filter((set) => set.id !== id).map((set) => set.appliesTo);
  const except: readonly RuleScope[] = isForTheRest(appliesTo) ? others : [];
  return isForTheRest(appliesTo) && except.length === 0 ? undefined : { appliesTo, except };
}
