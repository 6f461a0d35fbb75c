import { type AlertRules, type RuleSet, ruleSetsOf } from "@bellwether/config/alert-rules";
import { conflictOf } from "@bellwether/config/rule-scope";
import { readRuleDraft } from "../backtest/rule-draft.ts";
import { RuleSetsConflictError } from "./rule-set-error.ts";

/** The latest activation of a rule set, or its retirement. */
export interface ActivatedRules {
  /** Number of the activation. */
  readonly number: number;
  readonly setId: string;
  /** Model to whose runs it applies. Empty: all models that have no rules of their own. */
  readonly modelName: string;
  /** In the form of config/alert_rules.yaml. */
  readonly rulesYaml: string;
  /** Whether the set was retired: it is not active, and the rules are those that it had. */
  readonly isRetired: boolean;
}

/** A rule set that runs evaluate. */
export interface ActiveRuleSet {
  readonly rules: RuleSet;
  /** Number of the activation. Null: the set is that of the file. */
  readonly activation: number | null;
}

/**
 * Returns the rule sets that runs evaluate: those of the file, each replaced by the activated one with its id, then the
 * activated ones that the file does not have.
 * @param file the rules of a model
 * @param activated those of all models; the ones of other models are ignored
 * @throws RuleSetsConflictError
 */
export function activeRuleSets(file: AlertRules, activated: readonly ActivatedRules[]): readonly ActiveRuleSet[] {
  const own = activated.filter(({ modelName }) => modelName === keyOf(file));
  const byId = new Map(
    own
      .filter(({ isRetired }) => !isRetired)
      .map(({ number, setId, rulesYaml }) => [setId, { rules: readRuleSet(rulesYaml), activation: number }]),
  );
  const ofFile = ruleSetsOf(file);
  const known = new Set(ofFile.map(({ id }) => id));
  const added = [...byId.values()].filter(({ rules }) => !known.has(rules.id));
  const active = [...ofFile.map((rules) => byId.get(rules.id) ?? { rules, activation: null }), ...added];
  checkTogether(active);
  return active;
}

/** Returns the active rule sets with one of them replaced, or added. @throws RuleSetsConflictError */
export function withRuleSet(active: readonly ActiveRuleSet[], rules: RuleSet): readonly ActiveRuleSet[] {
  const isKnown = active.some((one) => one.rules.id === rules.id);
  const changed = { rules, activation: null };
  const all = isKnown ? active.map((one) => (one.rules.id === rules.id ? changed : one)) : [...active, changed];
  checkTogether(all);
  return all;
}

/** Returns the name of the model under which drafts and activations of these rules are stored. Empty: the default model. */
export const keyOf = ({ modelName }: Pick<AlertRules, "modelName">): string => modelName ?? "";

/** Reads a draft of one rule set. @throws RuleDraftError with every violation */
export function readRuleSet(yaml: string): RuleSet {
  const { sets: _, modelName: __, ...rules } = readRuleDraft(yaml, { isOneSet: true });
  return rules;
}

function checkTogether(active: readonly ActiveRuleSet[]): void {
  const conflict = conflictOf(active.map(({ rules }) => rules));
  if (conflict !== undefined) throw new RuleSetsConflictError(conflict);
}
