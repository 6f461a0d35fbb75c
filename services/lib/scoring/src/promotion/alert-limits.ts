import type { RuleSet } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import type { AlertLimits } from "./alert-changes.ts";

/**
 * Returns the limits of the active rule sets that apply to the runs of a model: its own ones, or those of the default model.
 * @param ruleSets those of all models, with the default model first, as ListRuleSets returns them
 */
export function alertLimitsOf(ruleSets: readonly RuleSet[], modelName: string): AlertLimits[] {
  const isOwn = ruleSets.some((set) => set.modelName === modelName);
  const name = isOwn ? modelName : ruleSets[0]?.modelName;
  return ruleSets.flatMap(({ modelName: of, regions, categories, alertThreshold: raise, clearThreshold: clear }) =>
    // A set that is not active has no limits.
    of !== name || raise === undefined || clear === undefined ? [] : [{ regions, categories, raise, clear }],
  );
}
