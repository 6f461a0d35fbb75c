import type { AlertRules } from "@bellwether/config/alert-rules";

export type AlertSeverity = "warning" | "critical";
export type AlertState = "open" | "acknowledged" | "resolved";
export type Disposition = "mitigated" | "accepted" | "false_alarm" | "cleared" | "lapsed" | "replaced";
export type AlertEventKind = "raised" | "escalated" | "deescalated" | "acknowledged" | "resolved" | "reopened";

/** The value that a rule compares. */
export type AlertDimension = "score" | "impact";

/**
 * An alert. There is at most one per model, supplier, rule and dimension. supplierId and the run ids are
 * numbers of the database.
 */
export interface Alert {
  readonly id: string;
  readonly supplierId: number;
  /** Name of the model whose scores the rule compares. Runs of other models never change the alert. */
  readonly modelName: string;
  readonly ruleId: string;
  readonly dimension: AlertDimension;
  /** Severity, score and summary are those of the run `lastRunId`. */
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
  /** Id of the alert of another rule about the same supplier. Null unless the disposition is "replaced". */
  readonly replacedBy: string | null;
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

/** An alert after a decision, with the entry for its history. */
export interface AlertChange {
  readonly alert: Alert;
  /** Undefined: only the score, the run and the summary were updated. */
  readonly event: AlertEvent | undefined;
}

/** A supplier's result under one rule in one run. */
export interface AlertCandidate {
  readonly supplierId: number;
  readonly riskScore: number;
  /** The rule's alert about the supplier by the run's model, in any state. */
  readonly alert: Alert | null;
  readonly isRaised: boolean;
  /**
   * Whether the score is high in this run alone. This is enough to raise an alert that was closed because its
   * supplier had no score.
   */
  readonly isHigh: boolean;
  readonly isCritical: boolean;
  /** Whether the supplier was below the critical limit in a run since the alert was last evaluated. */
  readonly wasBelowCritical: boolean;
  readonly isCleared: boolean;
  /** The active alert of the rule that has precedence over this one. Null: there is none. */
  readonly replacedBy: { readonly alertId: string; readonly ruleId: string } | null;
  /** One sentence about the supplier's score in this run. */
  readonly summary: string;
}

/** The actor of changes that the rules make. */
export const RULES_ACTOR = "rules";

const DAY_MS = 86_400_000;

/** The run, rule and time of a decision. */
export interface Decision {
  readonly runId: number;
  readonly modelName: string;
  readonly ruleId: string;
  readonly dimension: AlertDimension;
  readonly coolDownDays: AlertRules["coolDownDays"];
  readonly now: Date;
  readonly newId: () => string;
}

/**
 * Returns the time at which a cool-down that ends at `now` began. An alert that was resolved after this time
 * is still in its cool-down.
 */
export function coolDownStart(now: Date, coolDownDays: number): Date {
  return new Date(now.getTime() - coolDownDays * DAY_MS);
}

/**
 * Decides what a rule does with a supplier: raise an alert, open it again, change its severity, close it, or
 * update its score and summary. Undefined: nothing to do.
 */
export function decideAlert(candidate: AlertCandidate, decision: Decision): AlertChange | undefined {
  const { alert, riskScore, summary, supplierId } = candidate;
  const { runId, now, modelName, ruleId, dimension } = decision;
  const severity: AlertSeverity = candidate.isCritical ? "critical" : "warning";
  const change = (changed: Alert, kind: AlertEventKind, note = ""): AlertChange => {
    const event = { alertId: changed.id, kind, occurredAt: now, actor: RULES_ACTOR, note, riskScore };
    return { alert: changed, event };
  };
  const ofRun = { severity, riskScore, lastRunId: runId, summary };
  const opened = {
    state: "open",
    disposition: null,
    raisedRunId: runId,
    acknowledgedBy: "",
    replacedBy: null,
  } as const;
  const times = { raisedAt: now, changedAt: now, resolvedAt: null };
  if (!alert) {
    if (!candidate.isRaised) return undefined;
    const key = { id: decision.newId(), supplierId, modelName, ruleId, dimension };
    return change({ ...key, ...ofRun, ...opened, ...times }, "raised");
  }
  if (alert.state === "resolved") {
    if (!opensAgain(candidate, alert, coolDownStart(now, decision.coolDownDays))) return undefined;
    return change({ ...alert, ...ofRun, ...opened, ...times }, "reopened");
  }
  const seen = { ...alert, ...ofRun };
  const resolved = { state: "resolved", resolvedAt: now, changedAt: now } as const;
  const { replacedBy } = candidate;
  if (replacedBy) {
    const replaced = { ...seen, ...resolved, disposition: "replaced", replacedBy: replacedBy.alertId } as const;
    return change(replaced, "resolved", `Replaced by ${replacedBy.ruleId}.`);
  }
  if (candidate.isCleared) return change({ ...seen, ...resolved, disposition: "cleared" }, "resolved");
  if (severity === alert.severity) return { alert: seen, event: undefined };
  return change({ ...seen, changedAt: now }, severity === "critical" ? "escalated" : "deescalated");
}

/**
 * Whether a resolved alert opens again. After the cool-down: when the rule raises it. During the cool-down:
 * only when the score has become critical since the alert was resolved. An alert that nobody has judged,
 * because it lapsed or was replaced, has no cool-down, and one high run is enough.
 */
function opensAgain(candidate: AlertCandidate, alert: Alert, restsFrom: Date): boolean {
  const { isRaised, isHigh, isCritical, wasBelowCritical } = candidate;
  const isUnjudged = alert.disposition === "lapsed" || alert.disposition === "replaced";
  if (isUnjudged && isHigh) return true;
  // The score of a cleared alert was below the critical limit when the alert was cleared.
  const wasBelow = alert.severity === "warning" || alert.disposition === "cleared" || wasBelowCritical;
  const isOver = (alert.resolvedAt?.getTime() ?? 0) <= restsFrom.getTime();
  return isRaised && (isOver || (isCritical && wasBelow));
}

/** An active alert about a supplier that has no score in any of the latest runs. */
export interface AbsentAlert {
  readonly alert: Alert;
  /** ISO week of the run that the alert's score is from. */
  readonly lastWeek: string;
}

/**
 * Closes an alert whose supplier had no score in `runs` consecutive runs: there is no recent score to compare
 * with the limits. Returns undefined when somebody has acknowledged the alert: it stays open, because a
 * missing score is no information about the risk.
 */
export function lapseAlert(
  { alert, lastWeek }: AbsentAlert,
  { runs, now }: { readonly runs: number; readonly now: Date },
): AlertChange | undefined {
  if (alert.state !== "open") return undefined;
  const note = `No score in ${runs} ${runs === 1 ? "run" : "runs in a row"}; the alert's score is from ${lastWeek}.`;
  const closed = { state: "resolved", disposition: "lapsed", resolvedAt: now, changedAt: now } as const;
  const event = { kind: "resolved", occurredAt: now, actor: RULES_ACTOR, note, riskScore: null } as const;
  return { alert: { ...alert, ...closed }, event: { alertId: alert.id, ...event } };
}
