import type { AlertRules } from "@bellwether/config/alert-rules";
import { ModelNotConfiguredError } from "./rule-set-error.ts";

/** The alert rules in the files of all models. */
export interface RuleFiles {
  /** Those of the default model first. */
  readonly all: readonly AlertRules[];
  /** Names of the models with rules of their own. */
  readonly own: readonly string[];
  /** Returns the rules for the runs of a model. */
  of(modelName: string): AlertRules;
  /** Returns the rules that a request names. Empty: those of the default model. @throws ModelNotConfiguredError */
  choose(modelName: string): AlertRules;
  /** Returns the name of the model of rules, drafts or activations. @param key empty: the default model */
  nameOf(key: string): string;
}

/**
 * Creates the alert rules of all models.
 * @param first the rules of the default model, and of each model that is not in `further`
 */
export function createRuleFiles(
  defaultModel: string,
  first: AlertRules,
  further: ReadonlyMap<string, AlertRules>,
): RuleFiles {
  const own = new Map([...further].map(([modelName, rules]) => [modelName, { ...rules, modelName }]));
  return {
    all: [first, ...own.values()],
    own: [...own.keys()],
    of: (modelName) => own.get(modelName) ?? first,
    choose(modelName) {
      const rules = modelName === "" || modelName === defaultModel ? first : own.get(modelName);
      if (rules === undefined) throw new ModelNotConfiguredError(modelName, [defaultModel, ...own.keys()]);
      return rules;
    },
    nameOf: (key) => key || defaultModel,
  };
}
