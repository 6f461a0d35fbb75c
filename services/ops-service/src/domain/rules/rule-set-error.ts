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
