import type { AlertRules, ScoreThresholdRule, WeeklyCapacityRule } from "@bellwether/config/alert-rules";
import {
  type AbsentAlert,
  type Alert,
  type AlertCandidate,
  type AlertChange,
  type AlertDimension,
  coolDownStart,
  decideAlert,
  lapseAlert,
} from "./alert.ts";

/** A supplier that the score rule has a say on. */
export interface ScoreStanding {
  readonly supplierId: number;
  readonly riskScore: number;
  readonly alert: Alert | null;
  /** How many of the latest `runsToRaise` runs were at `raise` or above. */
  readonly highRuns: number;
  /** How many of the latest `runsToClear` runs were below `clear`. */
  readonly lowRuns: number;
}

/** A supplier that the capacity rule has a say on. */
export interface ImpactStanding {
  readonly supplierId: number;
  readonly riskScore: number;
  readonly alert: Alert | null;
  /** Place by expected impact, from 1; null: beyond `keepWithin`, below `minLift`, raised by its score, or at rest. */
  readonly rank: number | null;
}

/** What the rules need to see and change, all in one transaction. */
export interface AlertBook {
  /** Keeps alerts from being changed by others until the end of the transaction. */
  hold(): Promise<void>;
  /** The latest complete week of the run's model that is later than the run's; null: there is none. */
  overtakenBy(runId: number): Promise<string | null>;
  /** Suppliers at `raise` or above in the run, and those with an active alert of the rule. */
  scoreStandings(runId: number, rule: ScoreThresholdRule): Promise<readonly ScoreStanding[]>;
  /**
   * The first `keepWithin` suppliers by impact, and those with an active alert of the rule. A supplier has no place, and takes none from
   * others, while the score rule has an active alert about it or it is at rest: either rule's alert was resolved after `restsFrom`.
   */
  impactStandings(
    runId: number,
    rules: Pick<AlertRules, "scoreThreshold" | "weeklyCapacity">,
    restsFrom: Date,
  ): Promise<readonly ImpactStanding[]>;
  /** Active alerts of any rule, last evaluated by the run's model, about suppliers without a score in the latest `runs` runs. */
  absentAlerts(runId: number, runs: number): Promise<readonly AbsentAlert[]>;
  saveChanges(changes: readonly AlertChange[]): Promise<void>;
}

/** What came of the rules. */
export interface RulesOutcome {
  /** Alerts that were raised or opened again. */
  readonly alertsRaised: number;
  /** Later complete week, for which reason the rules were not evaluated; empty: they were. */
  readonly overtakenBy: string;
}

/**
 * Evaluates both rules on a published run and lets alerts about absent suppliers lapse. The rules are not evaluated on a week that
 * completes after a later one: its scores are older than those that the alerts were decided by.
 */
export async function evaluateRules(
  book: AlertBook,
  rules: AlertRules,
  { runId, now, newId }: { readonly runId: number; readonly now: Date; readonly newId: () => string },
): Promise<RulesOutcome> {
  const { scoreThreshold, weeklyCapacity, coolDownDays, runsToLapse: runs } = rules;
  const apply = async (ruleId: string, dimension: AlertDimension, candidates: readonly AlertCandidate[]) => {
    const decision = { runId, now, newId, coolDownDays, ruleId, dimension };
    const changes = candidates.flatMap((candidate) => decideAlert(candidate, decision) ?? []);
    await book.saveChanges(changes);
    return changes.filter(({ event }) => event?.kind === "raised" || event?.kind === "reopened").length;
  };
  await book.hold();
  const overtakenBy = await book.overtakenBy(runId);
  if (overtakenBy !== null) return { alertsRaised: 0, overtakenBy };
  const byScore = await book.scoreStandings(runId, scoreThreshold);
  const raised = await apply(
    scoreThreshold.id,
    "score",
    byScore.map((standing) => scoreCandidate(standing, scoreThreshold)),
  );
  const byImpact = await book.impactStandings(runId, rules, coolDownStart(now, coolDownDays));
  const pointedAt = await apply(
    weeklyCapacity.id,
    "impact",
    byImpact.map((standing) => impactCandidate(standing, weeklyCapacity)),
  );
  const absent = await book.absentAlerts(runId, runs);
  await book.saveChanges(absent.flatMap((alert) => lapseAlert(alert, { runs, now }) ?? []));
  return { alertsRaised: raised + pointedAt, overtakenBy: "" };
}

function scoreCandidate(standing: ScoreStanding, rule: ScoreThresholdRule): AlertCandidate {
  const { supplierId, riskScore, alert, highRuns, lowRuns } = standing;
  const isCritical = riskScore >= rule.critical;
  const why = isCritical
    ? `at or above the critical limit ${rule.critical}`
    : `at or above ${rule.raise} in ${rule.runsToRaise} run(s) in a row`;
  return {
    ...{ supplierId, riskScore, alert, isCritical },
    isRaised: isCritical || highRuns >= rule.runsToRaise,
    isCleared: lowRuns >= rule.runsToClear,
    summary: `Risk score ${riskScore.toFixed(2)}, ${why}.`,
  };
}

function impactCandidate(
  { supplierId, riskScore, alert, rank }: ImpactStanding,
  rule: WeeklyCapacityRule,
): AlertCandidate {
  return {
    ...{ supplierId, riskScore, alert },
    isRaised: rank !== null && rank <= rule.suppliers,
    isCritical: false,
    isCleared: rank === null,
    summary: `Risk score ${riskScore.toFixed(2)}, among the ${rule.suppliers} suppliers of highest expected impact.`,
  };
}
