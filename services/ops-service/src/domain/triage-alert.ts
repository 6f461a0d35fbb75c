import type { Alert, AlertChange, AlertEvent, AlertEventKind, Disposition } from "./alert.ts";
import type { AuditEvent } from "./audit-chain.ts";
import { AlertNotFoundError, AlertResolvedError } from "./ops-error.ts";

/** What a decision on an alert needs to see and change, all in one transaction. */
export interface TriageDesk {
  /** Locked until the end of the transaction. */
  lock(alertId: string): Promise<Alert | undefined>;
  save(change: AlertChange): Promise<void>;
  appendAudit(event: Omit<AuditEvent, "eventId" | "occurredUs">): Promise<void>;
}

/** Who decides, when, and what they write. */
export interface TriageDecision {
  readonly alertId: string;
  readonly actor: string;
  readonly note: string;
  readonly now: Date;
}

/** Takes an alert; one that is taken stays as it is. @throws AlertNotFoundError, AlertResolvedError */
export async function acknowledgeAlert(desk: TriageDesk, decision: TriageDecision): Promise<void> {
  const alert = await lockKnown(desk, decision.alertId);
  if (alert.state === "resolved") throw new AlertResolvedError(alert.id, alert.disposition ?? "cleared");
  if (alert.state === "acknowledged") return;
  const taken = { state: "acknowledged", acknowledgedBy: decision.actor, changedAt: decision.now } as const;
  await record(desk, { ...alert, ...taken }, "acknowledged", decision);
}

/** Closes an alert; one that is closed the same way stays as it is. @throws AlertNotFoundError, AlertResolvedError */
export async function resolveAlert(
  desk: TriageDesk,
  disposition: Disposition,
  decision: TriageDecision,
): Promise<void> {
  const alert = await lockKnown(desk, decision.alertId);
  if (alert.state === "resolved") {
    if (alert.disposition === disposition) return;
    throw new AlertResolvedError(alert.id, alert.disposition ?? "cleared");
  }
  const closed = { state: "resolved", disposition, resolvedAt: decision.now, changedAt: decision.now } as const;
  await record(desk, { ...alert, ...closed }, "resolved", decision);
}

async function lockKnown(desk: TriageDesk, alertId: string): Promise<Alert> {
  const alert = await desk.lock(alertId);
  if (!alert) throw new AlertNotFoundError(alertId);
  return alert;
}

async function record(
  desk: TriageDesk,
  alert: Alert,
  kind: AlertEventKind,
  { actor, note, now }: TriageDecision,
): Promise<void> {
  const event: AlertEvent = { alertId: alert.id, kind, occurredAt: now, actor, note, riskScore: alert.riskScore };
  await desk.save({ alert, event });
  const payload = JSON.stringify({ note, ...(alert.disposition && { disposition: alert.disposition }) });
  await desk.appendAudit({ kind: `alert.${kind}`, actor, subject: alert.id, payload });
}
