/** What a rule would have done in one week, as BacktestWeekRule of the contract describes it. */
export interface WeekRule {
  readonly ruleId: string;
  readonly raised: number;
  readonly recorded: number;
  readonly decidedReal: number;
  readonly decidedNotReal: number;
  readonly occurred: number;
  readonly notOccurred: number;
}

/** One week, as BacktestWeek of the contract describes it. */
export interface WeekResult {
  readonly isoWeek: string;
  readonly runId: number;
  readonly scored: number;
  readonly raised: number;
  readonly active: number;
  readonly recordedRaised: number;
  readonly isOverBudget: boolean;
  readonly rules: readonly WeekRule[];
}

/** A rule over all weeks, as BacktestRule of the contract describes it. */
export interface RuleResult {
  readonly ruleId: string;
  readonly raised: number;
  readonly suppliers: number;
  readonly occurred: number;
  readonly notOccurred: number;
  /** Null: nothing is known about the outcomes. */
  readonly precision: { readonly value: number; readonly low: number; readonly high: number } | null;
  readonly mostRaised: number;
  readonly mostRaisedWeek: string;
}

/** The result of a back-test. */
export interface BacktestReport {
  readonly weeks: readonly WeekResult[];
  readonly rules: readonly RuleResult[];
  /**
   * Number of alerts that would be active after the last week although the alert of their rule (or of the score rule of
   * the same set) about the supplier was not active then, nor resolved by a person in the weeks: the rules would raise
   * them in the next run, if the scores stay as they are.
   */
  readonly raisedAtOnce: number;
  readonly notes: readonly string[];
}
