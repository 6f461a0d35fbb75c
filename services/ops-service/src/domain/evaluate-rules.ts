import type { AlertRules, ScoreThresholdRule, WeeklyCapacityRule } from "@bellwether/config/alert-rules";
import {
  type AbsentAlert,
  type Alert,
  type AlertCandidate,
  type AlertChange,
  type AlertDimension,
  coolDownStart,
  type Decision,
  decideAlert,
  lapseAlert,
} from "./alert.ts";

/** A supplier that the score rule evaluates. */
export interface ScoreRuleInput {
  readonly supplierId: number;
  readonly riskScore: number;
  readonly alert: Alert | null;
  /** Number of the latest `runsToRaise` runs in which the score was at or above `raise`. */
  readonly highRuns: number;
  /** Number of the latest `runsToClear` runs in which the score was below `clear`. */
  readonly lowRuns: number;
  /** Whether the alert is resolved and the score was below `critical` in a run after the alert's last run. */
  readonly wasBelowCritical: boolean;
}

/** A supplier that the capacity rule evaluates. */
export interface ImpactRuleInput {
  readonly supplierId: number;
  readonly riskScore: number;
  readonly alert: Alert | null;
  /**
   * Rank by expected impact, from 1. Null: the rank is above `keepWithin`, the score is below `minLift`, the
   * score rule has an alert about the supplier, or the supplier is in its cool-down.
   */
  readonly rank: number | null;
  /** The score rule's active alert about the supplier by the same model. */
  readonly scoreAlert: { readonly alertId: string; readonly ruleId: string } | null;
}

/** Reads and changes what the rules need, all in one transaction. It sees only alerts of the run's model. */
export interface AlertRuleStore {
  /** Locks the alerts against changes by others until the transaction ends. */
  hold(): Promise<void>;
  /**
   * Returns the latest complete week of the same model that is later than the run's week. Null: there is
   * none.
   */
  overtakenBy(runId: number): Promise<string | null>;
  /**
   * Returns the suppliers whose score in the run is at or above `raise`, and those with an active alert of
   * the rule.
   */
  scoreRuleInputs(runId: number, rule: ScoreThresholdRule): Promise<readonly ScoreRuleInput[]>;
  /**
   * Returns the first `keepWithin` suppliers by impact, and those with an active alert of the rule. A
   * supplier gets no rank while the score rule has an active alert about it, or while it is in its cool-down:
   * an alert of either rule was resolved after `restsFrom`. The next supplier gets the rank instead.
   */
  impactRuleInputs(
    runId: number,
    rules: Pick<AlertRules, "scoreThreshold" | "weeklyCapacity">,
    restsFrom: Date,
  ): Promise<readonly ImpactRuleInput[]>;
  /** Returns the active alerts of any rule about suppliers without a score in the latest `runs` runs. */
  absentAlerts(runId: number, runs: number): Promise<readonly AbsentAlert[]>;
  saveChanges(changes: readonly AlertChange[]): Promise<void>;
}

/** The result of an evaluation. */
export interface RulesOutcome {
  /** Number of alerts that were raised or opened again. */
  readonly alertsRaised: number;
  /**
   * A later week that was already complete, because of which the rules were not evaluated. Empty: they were
   * evaluated.
   */
  readonly overtakenBy: string;
}

/** The run on which the rules are evaluated, with clock and id source. */
export type RuleRun = Pick<Decision, "runId" | "modelName" | "now" | "newId">;

/**
 * Evaluates both rules on a published run, and closes alerts about absent suppliers. When a later week is
 * already complete, the rules are not evaluated: the existing alerts are based on newer scores.
 */
export async function evaluateRules(
  ruleStore: AlertRuleStore,
  rules: AlertRules,
  { runId, modelName, now, newId }: RuleRun,
): Promise<RulesOutcome> {
  const { scoreThreshold, weeklyCapacity, coolDownDays, runsToLapse: runs } = rules;
  const apply = async (ruleId: string, dimension: AlertDimension, candidates: readonly AlertCandidate[]) => {
    const decision = { runId, modelName, now, newId, coolDownDays, ruleId, dimension };
    const changes = candidates.flatMap((candidate) => decideAlert(candidate, decision) ?? []);
    await ruleStore.saveChanges(changes);
    return changes.filter(({ event }) => event?.kind === "raised" || event?.kind === "reopened").length;
  };
  await ruleStore.hold();
  const overtakenBy = await ruleStore.overtakenBy(runId);
  if (overtakenBy !== null) return { alertsRaised: 0, overtakenBy };
  const byScore = await ruleStore.scoreRuleInputs(runId, scoreThreshold);
  const raised = await apply(
    scoreThreshold.id,
    "score",
    byScore.map((input) => scoreCandidate(input, scoreThreshold)),
  );
  const byImpact = await ruleStore.impactRuleInputs(runId, rules, coolDownStart(now, coolDownDays));
  const pointedAt = await apply(
    weeklyCapacity.id,
    "impact",
    byImpact.map((input) => impactCandidate(input, weeklyCapacity)),
  );
  const absent = await ruleStore.absentAlerts(runId, runs);
  await ruleStore.saveChanges(absent.flatMap((alert) => lapseAlert(alert, { runs, now }) ?? []));
  return { alertsRaised: raised + pointedAt, overtakenBy: "" };
}

function scoreCandidate(input: ScoreRuleInput, rule: ScoreThresholdRule): AlertCandidate {
  const { supplierId, riskScore, alert, highRuns, lowRuns, wasBelowCritical } = input;
  const isCritical = riskScore >= rule.critical;
  const isHigh = riskScore >= rule.raise;
  return {
    ...{ supplierId, riskScore, alert, isCritical, isHigh, wasBelowCritical, replacedBy: null },
    isRaised: isCritical || highRuns >= rule.runsToRaise,
    isCleared: lowRuns >= rule.runsToClear,
    summary: scoreSummary(input, rule),
  };
}

function scoreSummary({ riskScore, highRuns, lowRuns }: ScoreRuleInput, rule: ScoreThresholdRule): string {
  const { raise, runsToRaise, critical, clear, runsToClear } = rule;
  const score = `Risk score ${scoreText(riskScore, [raise, critical, clear])}`;
  if (riskScore >= critical) return `${score}, at or above the critical limit ${critical}.`;
  if (riskScore >= raise)
    return `${score}, at or above ${raise}${highRuns >= runsToRaise ? ` in ${inARow(runsToRaise)}` : ""}.`;
  if (riskScore >= clear) return `${score}, below ${raise}; the alert is cleared below ${clear}.`;
  if (lowRuns >= runsToClear) return `${score}, below ${clear} in ${inARow(runsToClear)}.`;
  return `${score}, below ${clear}; the alert is cleared after ${inARow(runsToClear)}.`;
}

function inARow(runs: number): string {
  return runs === 1 ? "1 run" : `${runs} runs in a row`;
}

/**
 * Formats a score with two digits, or with more when they are needed to show on which side of each limit it
 * is.
 */
function scoreText(score: number, limits: readonly number[]): string {
  const isTrue = (text: string): boolean => limits.every((limit) => Number(text) >= limit === score >= limit);
  for (let digits = 2; digits < MAX_DIGITS; digits++) if (isTrue(score.toFixed(digits))) return score.toFixed(digits);
  return String(score);
}

const MAX_DIGITS = 16;

function impactCandidate(input: ImpactRuleInput, rule: WeeklyCapacityRule): AlertCandidate {
  const { supplierId, riskScore, alert, rank, scoreAlert } = input;
  const isRaised = rank !== null && rank <= rule.suppliers;
  const score = `Risk score ${riskScore.toFixed(2)}`;
  const place =
    rank === null
      ? `not among the ${rule.keepWithin} suppliers of highest expected impact`
      : `among the ${isRaised ? rule.suppliers : rule.keepWithin} suppliers of highest expected impact`;
  return {
    ...{ supplierId, riskScore, alert, isRaised, isHigh: isRaised, isCritical: false, wasBelowCritical: false },
    isCleared: rank === null,
    replacedBy: scoreAlert,
    summary: scoreAlert ? `${score}; its alert is now that of ${scoreAlert.ruleId}.` : `${score}, ${place}.`,
  };
}
