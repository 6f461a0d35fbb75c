import { type RuleSet, ruleIdsOf } from "@bellwether/config/alert-rules";
import type { Alert } from "../alerts/alert.ts";
import type { RecordedAlerts } from "./recorded-alerts.ts";

type RuleAlert = Pick<Alert, "supplierId" | "ruleId">;

/** What the next run would raise. */
export interface NextRun {
  readonly raisedAtOnce: number;
  /** Of these, alerts whose supplier has an active alert of a rule that its tested set does not have. */
  readonly ofOtherRules: number;
}

/**
 * Counts the alerts of a back-test that the next run would raise: those that are active after its last week although
 * the alert of the rule was not active then, nor resolved by a person in the weeks. An alert of the score rule of the
 * same set has precedence, so it counts as that of the rule. An alert of any other rule does not keep the rule from
 * raising its own one.
 */
export function countNextRun(
  active: readonly RuleAlert[],
  isoWeek: string,
  sets: readonly RuleSet[],
  recorded: Pick<RecordedAlerts, "wasActive" | "wasDecided">,
): NextRun {
  const rulesOf = new Map<string, { readonly inSet: Set<string>; readonly own: Set<string> }>();
  for (const set of sets) {
    const ids = ruleIdsOf(set);
    for (const id of ids) {
      // Two sets may have a rule with the same id.
      const known = rulesOf.get(id) ?? { inSet: new Set(), own: new Set([id]) };
      for (const other of ids) known.inSet.add(other);
      known.own.add(set.scoreThreshold.id);
      rulesOf.set(id, known);
    }
  }
  let [raisedAtOnce, ofOtherRules] = [0, 0];
  for (const { supplierId, ruleId } of active) {
    const isOwn = (id: string): boolean => rulesOf.get(ruleId)?.own.has(id) ?? false;
    const isOther = (id: string): boolean => !rulesOf.get(ruleId)?.inSet.has(id);
    if (recorded.wasActive(supplierId, isoWeek, isOwn) || recorded.wasDecided(supplierId, isOwn)) continue;
    raisedAtOnce++;
    if (recorded.wasActive(supplierId, isoWeek, isOther) && !recorded.wasDecided(supplierId, isOther)) ofOtherRules++;
  }
  return { raisedAtOnce, ofOtherRules };
}
