import type { Band } from "@bellwether/contract/band-codes";
import {
  type Alert,
  type AlertChange,
  type AlertDimension,
  type AlertEventKind,
  type AlertSeverity,
  type AlertTrend,
  BECAME_WORSE,
  type Disposition,
  endTerms,
  isActive,
  RULES_ACTOR,
  ruleEvent,
  severityOf,
  withoutTerms,
} from "./alert.ts";
import { type CoolDown, type ExpiryRule, expiresNow, isAcceptanceOver, isResting, isUnjudged } from "./cool-down.ts";

/** A supplier's result under one rule in one run. */
export interface AlertCandidate {
  readonly supplierId: number;
  readonly riskScore: number;
  readonly band: Band | null;
  readonly expectedImpact: number | null;
  /** Change of the score since the model's run before. Null: there was no score. */
  readonly scoreChange: number | null;
  /** The rule's alert about the supplier by the run's model, in any state. */
  readonly alert: Alert | null;
  readonly isRaised: boolean;
  /**
   * Whether the rule selects the supplier by this run alone. This is enough to raise an alert that was closed
   * because its supplier had no score.
   */
  readonly isHigh: boolean;
  readonly isCritical: boolean;
  /** Whether the supplier was below the critical limit in a run since the alert was last evaluated. */
  readonly wasBelowCritical: boolean;
  readonly isCleared: boolean;
  /** Whether an open alert would stay open by this run alone. */
  readonly isKept: boolean;
  /** The active alert of the rule that has precedence over this one. Null: there is none. */
  readonly replacedBy: { readonly alertId: string; readonly ruleId: string } | null;
  /** One sentence about the supplier's score in this run. */
  readonly summary: string;
}

/** Smallest change of a score that makes an alert worse or better. */
const TREND_CHANGE = 0.01;
/** Scores have more digits than a change that a person means: 0.86 − 0.85 must count as 0.01. */
const ROUNDING = 1e-9;

/** The run, rule and time of a decision. */
export interface RuleDecision extends CoolDown, ExpiryRule {
  readonly runId: number;
  readonly modelName: string;
  readonly ruleId: string;
  readonly dimension: AlertDimension;
  readonly now: Date;
  readonly newId: () => string;
}

/**
 * Decides what a rule does with a supplier: raise an alert, open it again, change its severity, close it, or
 * update its score and summary. Undefined: nothing to do.
 */
export function decideAlert(candidate: AlertCandidate, decision: RuleDecision): AlertChange | undefined {
  const { alert } = candidate;
  if (!alert) return candidate.isRaised ? raise(candidate, decision) : undefined;
  if (alert.state === "resolved")
    return opensAgain(candidate, alert, decision) ? reopen(alert, candidate, decision) : undefined;
  return update(alert, candidate, decision);
}

function raise(candidate: AlertCandidate, { newId, now, ...decision }: RuleDecision): AlertChange {
  const { supplierId } = candidate;
  const { modelName, ruleId, dimension, runId } = decision;
  const ofRun = valuesOfRun(candidate, { override: null, signals: 0, raisedRunId: runId }, runId);
  const alert: Alert = {
    ...{ id: newId(), supplierId, modelName, ruleId, dimension, ...ofRun, ...OPENED, raisedRunId: runId },
    ...{ raisedAt: now, changedAt: now, changedBy: RULES_ACTOR, resolvedAt: null, version: 1, owner: "" },
    ...{ snooze: null, snoozedUntil: null, override: null, overrideUntil: null, scoreChangeParts: null },
  };
  return { alert, isNew: true, events: [ruleEvent(alert, "raised", now)], before: null };
}

function reopen(alert: Alert, candidate: AlertCandidate, { runId, now }: RuleDecision): AlertChange {
  const ofRun = valuesOfRun(candidate, { ...alert, raisedRunId: runId }, runId);
  const times = { raisedAt: now, changedAt: now, resolvedAt: null };
  const opened: Alert = { ...alert, ...ofRun, ...OPENED, ...times, raisedRunId: runId, ...byRules(alert) };
  const until = isAcceptanceOver(alert, now) ? alert.acceptedUntil : null;
  const detail = until ? `The risk was accepted until ${until.toISOString().slice(0, 10)}.` : "";
  return { alert: opened, isNew: false, events: [ruleEvent(opened, "reopened", now, { detail })], before: alert };
}

const OPENED = {
  ...{ state: "open", disposition: null, acknowledgedBy: "", resolvedBy: "" },
  ...{ replacedBy: null, acceptedUntil: null, duplicateOf: null },
} as const satisfies Partial<Alert>;

const byRules = ({ version }: Alert) => ({ version: version + 1, changedBy: RULES_ACTOR });

function update(before: Alert, candidate: AlertCandidate, { runId, now }: RuleDecision): AlertChange {
  const ended = endTerms(before, now);
  const alert = ended?.alert ?? before;
  const seen: Alert = { ...alert, ...valuesOfRun(candidate, alert, runId) };
  const close = (disposition: "replaced" | "cleared", over: Partial<Alert>, note = ""): AlertChange => {
    const closed: Alert = { ...closedByRules(seen, disposition, now), ...over };
    return { alert: closed, isNew: false, events: [ruleEvent(closed, "resolved", now, { note })], before };
  };
  const { replacedBy } = candidate;
  if (replacedBy) return close("replaced", { replacedBy: replacedBy.alertId }, `Replaced by ${replacedBy.ruleId}.`);
  if (candidate.isCleared) return close("cleared", {});
  const kinds: AlertEventKind[] = [];
  if (seen.ruleSeverity !== before.ruleSeverity)
    kinds.push(seen.ruleSeverity === "critical" ? "escalated" : "deescalated");
  const worse = kinds.length > 0 ? { ...seen, ...byRules(alert), changedAt: now } : seen;
  const { alert: awake, events: woken } = wakeIfWorse(worse, now);
  const events = [...kinds.map((kind) => ruleEvent(awake, kind, now)), ...woken];
  return { alert: awake, isNew: false, events: [...(ended?.events ?? []), ...events], before };
}

/** Ends a snooze "until worse" if the alert became worse. */
function wakeIfWorse(alert: Alert, now: Date): Pick<AlertChange, "alert" | "events"> {
  if (!(alert.snooze?.untilWorse && isWorse(alert, alert.snooze))) return { alert, events: [] };
  const awake: Alert = { ...alert, snooze: null, snoozedUntil: null, changedAt: now, changedBy: RULES_ACTOR };
  return { alert: awake, events: [ruleEvent(awake, "woken", now, { detail: BECAME_WORSE })] };
}

/**
 * Gives an alert the values of a run that changed nothing else of it. A person may have changed the alert since the rules
 * decided: what the person decided stays, and a snooze "until worse" ends if these values are worse than those that the
 * person saw. Undefined: the alert is not active, or has the values of another run since.
 * @param decided the alert as the rules have decided it
 * @param seenRunId the run whose values the alert had then
 */
export function takeValues(
  alert: Alert,
  { decided, seenRunId }: { readonly decided: Alert; readonly seenRunId: number },
  now: Date,
): AlertChange | undefined {
  if (!isActive(alert) || alert.lastRunId !== seenRunId) return undefined;
  const { ruleSeverity, riskScore, band, expectedImpact, scoreChange, trend, signals, ...others } = decided;
  const { lastRunId, summary, scoreChangeParts } = others;
  const values = { ruleSeverity, riskScore, band, expectedImpact, scoreChange, trend, signals };
  const { override } = alert;
  const taken: Alert = {
    ...{ ...alert, ...values, lastRunId, summary, scoreChangeParts },
    severity: severityOf({ override, ruleSeverity }),
  };
  return { ...wakeIfWorse(taken, now), isNew: false, before: alert };
}

function closedByRules(alert: Alert, disposition: Disposition, now: Date): Alert {
  const { ruleSeverity: severity } = alert;
  const closed = { ...withoutTerms(alert), severity, disposition, ...byRules(alert) };
  return { ...closed, state: "resolved", resolvedAt: now, changedAt: now };
}

/**
 * Closes an open alert whose rule is no longer in use or no longer applies to its supplier. An alert that somebody is
 * working on stays open. Undefined: nothing changes.
 */
export function decideRetired(alert: Alert, now: Date): AlertChange | undefined {
  if (alert.state !== "open") return undefined;
  const note = `The rule ${alert.ruleId} is not in use for this supplier any more.`;
  const closed = closedByRules(alert, "cleared", now);
  return { alert: closed, isNew: false, events: [ruleEvent(closed, "resolved", now, { note })], before: alert };
}

function isWorse(
  { ruleSeverity, riskScore }: Alert,
  { fromSeverity, fromScore, minRise }: { fromSeverity: AlertSeverity; fromScore: number; minRise: number },
): boolean {
  const isEscalated = ruleSeverity === "critical" && fromSeverity === "warning";
  return isEscalated || riskScore - fromScore >= minRise - ROUNDING;
}

/** The values of an alert that each run updates. */
function valuesOfRun(
  candidate: AlertCandidate,
  { override, signals, raisedRunId }: Pick<Alert, "override" | "signals" | "raisedRunId">,
  runId: number,
) {
  const { riskScore, band, expectedImpact, scoreChange, summary } = candidate;
  const ruleSeverity: AlertSeverity = candidate.isCritical ? "critical" : "warning";
  return {
    ...{ ruleSeverity, severity: severityOf({ override, ruleSeverity }), riskScore, band, expectedImpact, scoreChange },
    ...{ lastRunId: runId, summary, scoreChangeParts: null, signals: signals + (candidate.isHigh ? 1 : 0) },
    trend: raisedRunId === runId ? ("new" as const) : trendOf(scoreChange),
  };
}

/** Returns the trend of an alert that is not new, by the change of its score. */
export function trendOf(scoreChange: number | null): Exclude<AlertTrend, "new"> {
  if (scoreChange === null || Math.abs(scoreChange) < TREND_CHANGE - ROUNDING) return "same";
  return scoreChange > 0 ? "worse" : "better";
}

/**
 * Whether a resolved alert opens again. After the cool-down or the accepted time: when the rule raises it.
 * Before: only when the score has become critical since the alert was resolved. An alert that nobody has
 * judged, because it lapsed or was replaced, opens at once, and one high run is enough. After the date of an accepted
 * risk, a score with which an open alert stays open can be enough.
 */
function opensAgain(candidate: AlertCandidate, alert: Alert, decision: RuleDecision): boolean {
  const { isRaised, isHigh, isKept, isCritical, wasBelowCritical } = candidate;
  if (alert.disposition !== "void" && isUnjudged(alert.disposition) && isHigh) return true;
  if (isKept && candidate.replacedBy === null && expiresNow(alert, decision)) return true;
  // The score of a cleared alert was below the critical limit when the alert was cleared.
  const wasBelow = alert.ruleSeverity === "warning" || alert.disposition === "cleared" || wasBelowCritical;
  return isRaised && (!isResting(alert, decision) || (isCritical && wasBelow));
}

/** An active alert about a supplier that has no score in the run. */
export interface AbsentAlert {
  readonly alert: Alert;
  /** ISO week of the run that the alert's score is from. */
  readonly lastWeek: string;
  /** Whether the supplier had no score in the latest `runs` runs either. */
  readonly isGone: boolean;
}

/**
 * Closes an alert whose supplier had no score in `runs` consecutive runs: there is no recent score to compare
 * with the limits. An alert that somebody works on stays open, because a missing score is no information about
 * the risk. An alert that stays open is no longer new. Undefined: nothing to do.
 */
export function decideAbsent(
  { alert, lastWeek, isGone }: AbsentAlert,
  { runs, now }: { readonly runs: number; readonly now: Date },
): AlertChange | undefined {
  if (!isGone || alert.state !== "open")
    return alert.trend === "same"
      ? undefined
      : { alert: { ...alert, trend: "same" }, isNew: false, events: [], before: alert };
  const note = `No score in ${runs} ${runs === 1 ? "run" : "runs in a row"}; the alert's score is from ${lastWeek}.`;
  const closed = closedByRules(alert, "lapsed", now);
  const event = { ...ruleEvent(closed, "resolved", now, { note }), riskScore: null };
  return { alert: closed, isNew: false, events: [event], before: alert };
}
