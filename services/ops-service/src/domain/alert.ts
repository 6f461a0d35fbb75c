import type { AlertRules } from "@bellwether/config/alert-rules";

export type AlertSeverity = "warning" | "critical";
export type AlertState = "open" | "acknowledged" | "resolved";
export type Disposition = "mitigated" | "accepted" | "false_alarm" | "cleared" | "lapsed";
export type AlertEventKind = "raised" | "escalated" | "acknowledged" | "resolved" | "reopened";

/** What a rule looks at. */
export type AlertDimension = "score" | "impact";

/** One alert; there is one per supplier, rule and dimension. Suppliers and runs by their numbers. */
export interface Alert {
  readonly id: string;
  readonly supplierId: number;
  readonly ruleId: string;
  readonly dimension: AlertDimension;
  readonly severity: AlertSeverity;
  readonly state: AlertState;
  readonly disposition: Disposition | null;
  readonly riskScore: number;
  readonly raisedRunId: number;
  readonly lastRunId: number;
  readonly raisedAt: Date;
  readonly changedAt: Date;
  readonly resolvedAt: Date | null;
  readonly acknowledgedBy: string;
  readonly summary: string;
}

/** One entry of an alert's history. */
export interface AlertEvent {
  readonly alertId: string;
  readonly kind: AlertEventKind;
  readonly occurredAt: Date;
  readonly actor: string;
  readonly note: string;
  readonly riskScore: number | null;
}

/** An alert as a decision leaves it, with what is to stand in its history. */
export interface AlertChange {
  readonly alert: Alert;
  /** Undefined: only its score was brought up to date. */
  readonly event: AlertEvent | undefined;
}

/** A supplier that a rule has a say on in one run. */
export interface AlertCandidate {
  readonly supplierId: number;
  readonly riskScore: number;
  /** The rule's alert about the supplier, in any state. */
  readonly alert: Alert | null;
  readonly isRaised: boolean;
  readonly isCritical: boolean;
  readonly isCleared: boolean;
  /** One sentence on why it is raised. */
  readonly summary: string;
}

/** The actor of what the rules do. */
export const RULES_ACTOR = "rules";

const DAY_MS = 86_400_000;

/** The moment of a decision. */
export interface Decision {
  readonly runId: number;
  readonly ruleId: string;
  readonly dimension: AlertDimension;
  readonly coolDownDays: AlertRules["coolDownDays"];
  readonly now: Date;
  readonly newId: () => string;
}

/** An alert that was resolved after this moment is still at rest. */
export function coolDownStart(now: Date, coolDownDays: number): Date {
  return new Date(now.getTime() - coolDownDays * DAY_MS);
}

/**
 * What a rule does with a supplier: raises or opens again, makes more urgent, clears, or brings the score up to date. A resolved
 * alert stays so for the cool-down, unless it is critical now and was not, or lapsed. Undefined: nothing to do.
 */
export function decideAlert(candidate: AlertCandidate, decision: Decision): AlertChange | undefined {
  const { alert, riskScore, summary } = candidate;
  const { runId, now } = decision;
  const severity: AlertSeverity = candidate.isCritical ? "critical" : "warning";
  const event = (alertId: string, kind: AlertEventKind): AlertEvent => ({
    ...{ alertId, kind, riskScore, note: "" },
    occurredAt: now,
    actor: RULES_ACTOR,
  });
  const opened = {
    severity,
    state: "open",
    disposition: null,
    riskScore,
    raisedRunId: runId,
    lastRunId: runId,
  } as const;
  const times = { raisedAt: now, changedAt: now, resolvedAt: null, acknowledgedBy: "", summary };
  if (!alert) {
    if (!candidate.isRaised) return undefined;
    const { ruleId, dimension } = decision;
    const raised = { id: decision.newId(), supplierId: candidate.supplierId, ruleId, dimension, ...opened, ...times };
    return { alert: raised, event: event(raised.id, "raised") };
  }
  if (alert.state === "resolved") {
    const isCold = (alert.resolvedAt?.getTime() ?? 0) <= coolDownStart(now, decision.coolDownDays).getTime();
    const isWorse = severity === "critical" && alert.severity === "warning";
    const isUnjudged = alert.disposition === "lapsed";
    if (!candidate.isRaised || !(isCold || isWorse || isUnjudged)) return undefined;
    return { alert: { ...alert, ...opened, ...times }, event: event(alert.id, "reopened") };
  }
  const seen = { ...alert, riskScore, lastRunId: runId };
  if (candidate.isCleared) {
    const resolved = { state: "resolved", disposition: "cleared", resolvedAt: now, changedAt: now } as const;
    return { alert: { ...seen, ...resolved }, event: event(alert.id, "resolved") };
  }
  if (severity === "critical" && alert.severity === "warning")
    return { alert: { ...seen, severity, changedAt: now, summary }, event: event(alert.id, "escalated") };
  return { alert: seen, event: undefined };
}

/** An active alert about a supplier without a score in any of the latest runs. */
export interface AbsentAlert {
  readonly alert: Alert;
  /** ISO week of the alert's score. */
  readonly lastWeek: string;
}

/**
 * Closes an alert whose supplier had no score in `runs` runs in a row: nothing that it says can be held against anything any more.
 * Undefined: somebody has taken it, and it stays with them, as a missing score is no news about the risk.
 */
export function lapseAlert(
  { alert, lastWeek }: AbsentAlert,
  { runs, now }: { readonly runs: number; readonly now: Date },
): AlertChange | undefined {
  if (alert.state !== "open") return undefined;
  const note = `No score in ${runs} ${runs === 1 ? "run" : "runs in a row"}; the alert's own is of ${lastWeek}.`;
  const closed = { state: "resolved", disposition: "lapsed", resolvedAt: now, changedAt: now } as const;
  const told = { kind: "resolved", occurredAt: now, actor: RULES_ACTOR, note, riskScore: null } as const;
  return { alert: { ...alert, ...closed }, event: { alertId: alert.id, ...told } };
}
