import { type Alert, type AlertChange, type AlertEvent, isActive, severityOf, withoutTerms } from "./alert.ts";

/** What a run changed in the state or severity of an alert, and the alert now. */
export interface RunChange {
  /** Null: the run raised the alert. */
  readonly before: Alert | null;
  readonly after: Alert;
  /** The alert now, locked. */
  readonly current: Alert;
}

/** What becomes of an alert when a run is withdrawn: see VoidRunResponse of the contract. */
export type UndoOutcome = "closed" | "restored" | "kept";

/** Who withdraws the run, why, and when. */
export interface Withdrawal {
  readonly runId: number;
  readonly isoWeek: string;
  readonly actor: string;
  readonly reason: string;
  readonly now: Date;
}

/** Parts of an alert that are changed together. A part that somebody has changed since the run is kept. */
const PARTS: readonly (readonly (keyof Alert)[])[] = [
  [
    ...(["state", "disposition", "resolvedAt", "resolvedBy", "acknowledgedBy", "replacedBy"] as const),
    ...(["acceptedUntil", "duplicateOf", "raisedRunId", "raisedAt"] as const),
  ],
  ["snooze", "snoozedUntil"],
  ["override", "overrideUntil"],
  [
    ...(["ruleSeverity", "riskScore", "band", "expectedImpact", "scoreChange", "trend", "signals"] as const),
    ...(["lastRunId", "summary", "scoreChangeParts"] as const),
  ],
];

const isSame = (a: Alert, b: Alert, fields: readonly (keyof Alert)[]): boolean =>
  fields.every((field) => JSON.stringify(a[field]) === JSON.stringify(b[field]));

/** Whether the run opened the alert, for the first time or again. */
export function isOpenedBy({ before, after }: Pick<RunChange, "before" | "after">): boolean {
  return isActive(after) && (before === null || !isActive(before));
}

/** Returns the alert as before the run, with every part that was changed since. */
export function withoutRunChange(before: Alert, { after, current }: RunChange): Alert {
  const restored = PARTS.filter((fields) => isSame(after, current, fields)).flat();
  const merged: Alert = { ...current, ...Object.fromEntries(restored.map((field) => [field, before[field]])) };
  return { ...merged, severity: severityOf(merged) };
}

/**
 * Decides what becomes of an alert when a run is voided. An alert that the run alone raised is closed; what people
 * decided and wrote stays in its history. Other alerts are as before the run, except for what people, or later runs,
 * changed since.
 */
export function undoRunChange(
  change: RunChange,
  withdrawal: Withdrawal,
): { outcome: UndoOutcome; change: AlertChange } {
  const { before, after, current } = change;
  const of = (alert: Alert, outcome: UndoOutcome, detail: string) => ({
    outcome,
    change: { alert, isNew: false, events: [voidedEvent(alert, withdrawal, detail)] },
  });
  const by = { version: current.version + 1, changedAt: withdrawal.now, changedBy: withdrawal.actor };
  const { isoWeek } = withdrawal;
  if (isOpenedBy(change)) {
    if (!isActive(current)) return of(current, "kept", `The run of ${isoWeek} had raised it. It stays resolved.`);
    if (current.lastRunId !== after.lastRunId && current.signals > after.signals)
      return of(current, "kept", `The run of ${isoWeek} had raised it. A later run selected the supplier too.`);
    const isDecided = current.version !== after.version;
    if (before !== null && !isDecided)
      return of(
        { ...withoutRunChange(before, change), ...by },
        "restored",
        `The run of ${isoWeek} had opened it again. It is resolved as before.`,
      );
    const closed = { ...closedAsVoid(current, withdrawal.now), ...by };
    return of(closed, "closed", `Only the run of ${isoWeek} had raised it.`);
  }
  const restored = before === null ? current : withoutRunChange(before, change);
  const isKept = restored.state === current.state && restored.severity === current.severity;
  if (isKept && restored.lastRunId === current.lastRunId)
    return of(current, "kept", `The run of ${isoWeek} had changed it. It was changed again since, and stays as it is.`);
  const detail = isKept ? "Its values are those of the run before." : "It is as before that run.";
  return of({ ...restored, ...by }, "restored", `The run of ${isoWeek} had changed it. ${detail}`);
}

/** Returns an active alert as closed because its run was withdrawn. */
export function closedAsVoid(alert: Alert, now: Date): Alert {
  const { ruleSeverity: severity } = alert;
  return { ...withoutTerms(alert), severity, state: "resolved", disposition: "void", resolvedAt: now, resolvedBy: "" };
}

function voidedEvent(alert: Alert, { actor, reason, now, runId }: Withdrawal, detail: string): AlertEvent {
  return {
    ...{ alertId: alert.id, kind: "voided", occurredAt: now, actor, note: reason, detail, riskScore: null },
    ...{ version: alert.version, seenVersion: null, contentHash: null, before: null, runId, scoreChangeParts: null },
  };
}
