import { countText } from "@bellwether/reasons/count-text";

/** The active rule sets cannot be used together. */
export class RuleSetsConflictError extends Error {
  override readonly name = "RuleSetsConflictError" as const;
  /** @param conflict one sentence without a full stop: see `conflictOf` */
  constructor(conflict: string) {
    super(`${conflict}; give each supplier one rule set, and each set and rule an id of its own`);
  }
}

/** No such model has alert rules. */
export class ModelNotConfiguredError extends Error {
  override readonly name = "ModelNotConfiguredError" as const;
  constructor(modelName: string, known: readonly string[]) {
    super(`there is no model ${JSON.stringify(modelName)} with alert rules; there are: ${known.join(", ")}`);
  }
}

/** The rule set has no draft. */
export class RuleDraftNotFoundError extends Error {
  override readonly name = "RuleDraftNotFoundError" as const;
  constructor(setId: string) {
    super(`the rule set "${setId}" has no draft; ListRuleSets lists the drafts, PutRuleDraft makes one`);
  }
}

/** Somebody else changed the draft. */
export class RuleDraftChangedError extends Error {
  override readonly name = "RuleDraftChangedError" as const;
  readonly metadata: Readonly<Record<string, string>>;
  constructor(setId: string, { version, changedBy }: { readonly version: number; readonly changedBy: string }) {
    const present =
      version === 0
        ? "there was never a draft"
        : `it has version ${version} now, by ${changedBy || "an unknown person"}`;
    super(`the draft of the rule set "${setId}" was changed: ${present}; read it again and decide again`);
    this.metadata = { version: String(version), changed_by: changedBy };
  }
}

/** No active rule set has the id. */
export class RuleSetNotFoundError extends Error {
  override readonly name = "RuleSetNotFoundError" as const;
  constructor(setId: string) {
    super(`no active rule set has the id "${setId}"; ListRuleSets lists the active ones`);
  }
}

/** The rule set was activated again after the caller had read it. */
export class RuleSetChangedError extends Error {
  override readonly name = "RuleSetChangedError" as const;
  readonly metadata: Readonly<Record<string, string>>;
  constructor(setId: string, { number, actor }: { readonly number: number; readonly actor: string }) {
    super(
      `the rule set "${setId}" was activated by another activation: number ${number}, by ${actor || "an unknown person"}; read it again and decide again`,
    );
    this.metadata = { number: String(number), changed_by: actor };
  }
}

/** The file has the rule set, so it cannot be retired. */
export class RuleSetOfFileError extends Error {
  override readonly name = "RuleSetOfFileError" as const;
  constructor(setId: string, isActivated: boolean) {
    super(
      isActivated
        ? `the rule set "${setId}" is also in config/alert_rules.yaml, and the set of the file would take over again without a test; draft and activate the rules of the file instead`
        : `the rule set "${setId}" is from config/alert_rules.yaml; remove it from the file`,
    );
  }
}

/** What a test of a draft found. */
export interface RuleForecast {
  /** Number of alerts in the next run, if the scores stay as they are. */
  readonly raisedAtOnce: number;
  /** Largest number of new alerts in a tested week in which the rules of that time raised fewer. 0: there is none. */
  readonly mostRaised: number;
  /** Empty: there is none. */
  readonly mostRaisedWeek: string;
  readonly weeklyBudget: number;
  readonly modelName: string;
  /** Number of tested weeks. */
  readonly weeks: number;
}

/** The draft would raise far more alerts than people can examine. */
export class RulesOverBudgetError extends Error {
  override readonly name = "RulesOverBudgetError" as const;
  constructor({ raisedAtOnce, mostRaised, mostRaisedWeek, weeklyBudget }: RuleForecast) {
    const found =
      raisedAtOnce >= mostRaised
        ? `${countText(raisedAtOnce, "alert")} in the next run`
        : `${countText(mostRaised, "alert")} in a week like ${mostRaisedWeek}`;
    super(
      `the draft would raise ${found}, and the weekly budget is ${weeklyBudget}; change its limits, or activate it with force and say why`,
    );
  }
}
