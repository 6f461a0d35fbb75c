import type { Band } from "@bellwether/contract/band-codes";

export type AlertSeverity = "warning" | "critical";
export type AlertState = "open" | "acknowledged" | "in_mitigation" | "resolved";
/** The dispositions from "cleared" on are only set by the rules; "false_alarm" is only in alerts of earlier versions. */
export type Disposition =
  | "mitigated"
  | "accepted"
  | "false_data"
  | "false_model"
  | "duplicate"
  | "false_alarm"
  | "cleared"
  | "lapsed"
  | "replaced"
  | "void";
export type AlertEventKind =
  | "raised"
  | "escalated"
  | "deescalated"
  | "acknowledged"
  | "mitigation_started"
  | "resolved"
  | "reopened"
  | "assigned"
  | "snoozed"
  | "woken"
  | "commented"
  | "overridden"
  | "override_ended"
  | "undone"
  | "voided";

/**
 * A change of a score between two weeks that different model versions scored, divided into a part of the data and a
 * part of the model version. Both parts are null when they were not computed.
 */
export interface ScoreChangeParts {
  readonly beforeWeek: string;
  readonly beforeVersion: string;
  readonly afterVersion: string;
  readonly dataScore: number | null;
  readonly modelScore: number | null;
  /** Why the parts were not computed. Empty: they were. */
  readonly notComputed: string;
}

/** The value that a rule compares. */
export type AlertDimension = "score" | "impact";

/** The change since the week before. "new": the alert's last run raised it or opened it again. */
export type AlertTrend = "new" | "worse" | "better" | "same";

/** A snooze: the alert needs no attention until its end. */
export interface AlertSnooze {
  /** Whether the snooze also ends when the rule raises the severity or the score rises by `minRise`. */
  readonly untilWorse: boolean;
  readonly minRise: number;
  /** Score and severity by the rule when the alert was snoozed. */
  readonly fromScore: number;
  readonly fromSeverity: AlertSeverity;
  readonly actor: string;
}

/** An override: a person replaced the severity or the band. Null: not replaced. */
export interface AlertOverride {
  readonly severity: AlertSeverity | null;
  readonly band: Band | null;
  readonly reason: string;
  readonly actor: string;
}

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
  /** The severity that applies: the severity of the override, or without an override `ruleSeverity`. */
  readonly severity: AlertSeverity;
  /** Rule severity, score, band, impact, change and summary are those of the run `lastRunId`. */
  readonly ruleSeverity: AlertSeverity;
  readonly state: AlertState;
  readonly disposition: Disposition | null;
  readonly riskScore: number;
  /** Null: not recorded. */
  readonly band: Band | null;
  /** Null: not recorded. */
  readonly expectedImpact: number | null;
  /** Change of the score since the model's run before. Null: there was no score. */
  readonly scoreChange: number | null;
  readonly trend: AlertTrend;
  /** Number of runs in which the rule selected the supplier. */
  readonly signals: number;
  readonly raisedRunId: number;
  readonly lastRunId: number;
  readonly raisedAt: Date;
  readonly changedAt: Date;
  /** Who made the last change. Empty: not recorded. */
  readonly changedBy: string;
  readonly resolvedAt: Date | null;
  /** The person who resolved the alert. Empty: it is not resolved, or its rule resolved it. */
  readonly resolvedBy: string;
  readonly acknowledgedBy: string;
  readonly summary: string;
  /** Id of the alert of another rule about the same supplier. Null unless the disposition is "replaced". */
  readonly replacedBy: string | null;
  /**
   * Counts the actions of persons and the changes of state or severity by rules, from 1. Updates of the score
   * alone do not count, so that a run does not make an action fail that is about the same state.
   */
  readonly version: number;
  /** Who is responsible. Empty: nobody. */
  readonly owner: string;
  /** Null: the alert is not snoozed. */
  readonly snooze: AlertSnooze | null;
  /** End of the snooze. Null: it has no end date. */
  readonly snoozedUntil: Date | null;
  /** Null: nothing is replaced. */
  readonly override: AlertOverride | null;
  /** End of the override. Null: there is none. */
  readonly overrideUntil: Date | null;
  /** Null unless the disposition is "accepted". */
  readonly acceptedUntil: Date | null;
  /** Id of the other alert. Null unless the disposition is "duplicate". */
  readonly duplicateOf: string | null;
  /** The parts of `scoreChange`. Null: the same version scored both weeks, or the last run only updated values. */
  readonly scoreChangeParts: ScoreChangeParts | null;
}

/** The parts of an alert that actions change, and that an undo restores. */
export type AlertDecision = Pick<
  Alert,
  | "state"
  | "disposition"
  | "resolvedAt"
  | "resolvedBy"
  | "acknowledgedBy"
  | "replacedBy"
  | "owner"
  | "snooze"
  | "snoozedUntil"
  | "override"
  | "overrideUntil"
  | "severity"
  | "acceptedUntil"
  | "duplicateOf"
>;

/** One entry of an alert's history. */
export interface AlertEvent {
  readonly alertId: string;
  readonly kind: AlertEventKind;
  readonly occurredAt: Date;
  readonly actor: string;
  /** What the actor wrote. */
  readonly note: string;
  /** One sentence about the change. Empty: `kind` says everything. */
  readonly detail: string;
  readonly riskScore: number | null;
  /** The alert's version after the change. */
  readonly version: number;
  /** The version that the author of an action saw. Null: the entry is not an action of a person. */
  readonly seenVersion: number | null;
  /** SHA-256 of the action, by which a repetition is found. Null: the entry is not an action of a person. */
  readonly contentHash: string | null;
  /** What the action changed, with the values before it. Null: the entry cannot be undone. */
  readonly before: Partial<AlertDecision> | null;
  /** The run whose evaluation made the entry, or that was withdrawn. Null: the entry is not about a run. */
  readonly runId: number | null;
  readonly scoreChangeParts: ScoreChangeParts | null;
}

/** An alert after a decision, with the entries for its history. */
export interface AlertChange {
  readonly alert: Alert;
  /** Whether the alert did not exist before. */
  readonly isNew: boolean;
  /** Empty: only values of the run were updated. */
  readonly events: readonly AlertEvent[];
  /** The alert before the change. Null: it did not exist. Left out: the change was not made by a run. */
  readonly before?: Alert | null;
  /** True: all columns are written even if `events` is empty. Only for an alert that exists. */
  readonly isWhole?: boolean;
}

/** The detail of the history entry of a snooze that ended because the alert became worse. */
export const BECAME_WORSE = "The alert became worse.";

/** The actor of changes that the rules make. */
export const RULES_ACTOR = "rules";

export const isActive = ({ state }: Pick<Alert, "state">): boolean => state !== "resolved";

/** Whether the alert is snoozed at a time. */
export function isSnoozed({ snooze, snoozedUntil }: Pick<Alert, "snooze" | "snoozedUntil">, now: Date): boolean {
  return snooze !== null && (snoozedUntil === null || now < snoozedUntil);
}

/** Returns the severity that applies. */
export function severityOf({ override, ruleSeverity }: Pick<Alert, "override" | "ruleSeverity">): AlertSeverity {
  return override?.severity ?? ruleSeverity;
}

/** Returns an alert without a snooze and without an override. */
export function withoutTerms(alert: Alert): Alert {
  const { ruleSeverity: severity } = alert;
  return { ...alert, severity, snooze: null, snoozedUntil: null, override: null, overrideUntil: null };
}

/** Returns an entry of the rules, or of the service itself, for an alert after the change. */
export function ruleEvent(
  { id, version, riskScore }: Alert,
  kind: AlertEventKind,
  now: Date,
  texts: { readonly note?: string; readonly detail?: string } = {},
): AlertEvent {
  return {
    ...{ alertId: id, kind, occurredAt: now, actor: RULES_ACTOR, note: "", detail: "", riskScore, version },
    ...{ seenVersion: null, contentHash: null, before: null, runId: null, scoreChangeParts: null },
    ...texts,
  };
}

/**
 * Ends a snooze or an override whose time is over. The end of an override that changes the severity counts as
 * a new version. Undefined: nothing is over.
 */
export function endTerms(alert: Alert, now: Date): AlertChange | undefined {
  const isAwake = alert.snooze !== null && !isSnoozed(alert, now);
  const isOver = alert.override !== null && alert.overrideUntil !== null && alert.overrideUntil <= now;
  if (!isAwake && !isOver) return undefined;
  const woken = isAwake ? { snooze: null, snoozedUntil: null } : {};
  const severity = isOver ? alert.ruleSeverity : alert.severity;
  const version = severity === alert.severity ? alert.version : alert.version + 1;
  const ended = isOver ? { override: null, overrideUntil: null, severity, version } : {};
  const changed: Alert = { ...alert, ...woken, ...ended, changedAt: now, changedBy: RULES_ACTOR };
  const events = [
    ...(isOver ? [ruleEvent(changed, "override_ended", now, { detail: "The end date of the override is over." })] : []),
    ...(isAwake ? [ruleEvent(changed, "woken", now, { detail: "The end date of the snooze is over." })] : []),
  ];
  return { alert: changed, isNew: false, events };
}
