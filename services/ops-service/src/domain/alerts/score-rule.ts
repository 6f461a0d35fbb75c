import type { RuleSet, ScoreThresholdRule } from "@bellwether/config/alert-rules";
import type { Band } from "@bellwether/contract/band-codes";
import { scoreText } from "@bellwether/reasons/score-text";
import { type Alert, isActive } from "./alert.ts";
import type { AlertCandidate } from "./decide-alert.ts";

/** A supplier's scores in the run, and in earlier runs of the same model. */
export interface ScoreFacts {
  readonly supplierId: number;
  /** Scores of the run and of the runs in a row before it, newest first. Null: no score. */
  readonly recent: readonly (number | null)[];
  /** Score in the newest complete run of the model that is of an earlier week than the run. Null: no score. */
  readonly before: number | null;
  /** Score in the run, in [0, 1]. */
  readonly riskScore: number;
  readonly band: Band | null;
  /** Expected impact in the run. */
  readonly impact: number;
}

/** Number of runs in a row of which the rules need each supplier's score. */
export function runsToRead({ scoreThreshold, changes }: Pick<RuleSet, "scoreThreshold" | "changes">): number {
  const ofChanges = changes.map(({ runsToClear }) => runsToClear + 1);
  return Math.max(scoreThreshold.runsToRaise, scoreThreshold.runsToClear, ...ofChanges);
}

/** Returns the values of a run that every alert about the supplier has. */
export function valuesOf({ supplierId, riskScore, before, band, impact: expectedImpact }: ScoreFacts) {
  return { supplierId, riskScore, band, expectedImpact, scoreChange: before === null ? null : riskScore - before };
}

/**
 * Evaluates the score rule for one supplier.
 * @param lowestSince The lowest score in the runs between the alert's last run and this one. Null: there was none.
 */
export function scoreCandidate(
  facts: ScoreFacts,
  alert: Alert | null,
  lowestSince: number | null,
  rule: ScoreThresholdRule,
): AlertCandidate {
  const { riskScore, recent } = facts;
  const isCritical = riskScore >= rule.critical || staysCritical(riskScore, alert, rule);
  const isHigh = riskScore >= rule.raise;
  const wasHigh = everyOf(recent, rule.runsToRaise, (score) => score >= rule.raise);
  const isCleared = everyOf(recent, rule.runsToClear, (score) => score < rule.clear);
  return {
    ...{ ...valuesOf(facts), alert, isCritical, isHigh, isCleared, replacedBy: null },
    isRaised: isCritical || wasHigh,
    isKept: riskScore >= rule.clear,
    wasBelowCritical: Math.min(lowestSince ?? 1, alert?.riskScore ?? 1) < rule.critical,
    summary: scoreSummary(riskScore, { wasHigh, isCleared, isCritical }, rule),
  };
}

/** Whether a critical alert stays critical although its score is below the critical limit. */
function staysCritical(riskScore: number, alert: Alert | null, { keepCritical }: ScoreThresholdRule): boolean {
  return alert !== null && isActive(alert) && alert.ruleSeverity === "critical" && riskScore >= keepCritical;
}

/** Whether the supplier had a score in each of the latest runs, and each is as wanted. */
function everyOf(recent: ScoreFacts["recent"], runs: number, is: (score: number) => boolean): boolean {
  const latest = recent.slice(0, runs);
  return latest.length === runs && latest.every((score) => score !== null && is(score));
}

function scoreSummary(
  riskScore: number,
  is: { readonly wasHigh: boolean; readonly isCleared: boolean; readonly isCritical: boolean },
  { raise, runsToRaise, critical, keepCritical, clear, runsToClear }: ScoreThresholdRule,
): string {
  const { wasHigh, isCleared, isCritical } = is;
  const score = `Risk score ${scoreText(riskScore, [raise, critical, keepCritical, clear])}`;
  if (riskScore >= critical) return `${score}, at or above the critical limit ${critical}.`;
  if (isCritical) return `${score}, below ${critical}; the alert stays critical until it is below ${keepCritical}.`;
  if (riskScore >= raise) return `${score}, at or above ${raise}${wasHigh ? ` in ${inARow(runsToRaise)}` : ""}.`;
  if (riskScore >= clear) return `${score}, below ${raise}; the alert is cleared below ${clear}.`;
  if (isCleared) return `${score}, below ${clear} in ${inARow(runsToClear)}.`;
  return `${score}, below ${clear}; the alert is cleared after ${inARow(runsToClear)}.`;
}

function inARow(runs: number): string {
  return runs === 1 ? "1 run" : `${runs} runs in a row`;
}
