import type { Alert, AlertChange, AlertEvent, AlertEventKind, Disposition } from "./alert.ts";
import type { AuditEvent } from "./audit-chain.ts";
import { AlertNotFoundError, AlertResolvedError } from "./ops-error.ts";

/** Reads and changes what a decision on an alert needs, all in one transaction. */
export interface AlertTransaction {
  /** Locks the alert until the transaction ends. */
  lock(alertId: string): Promise<Alert | undefined>;
  save(change: AlertChange): Promise<void>;
  appendAudit(event: Omit<AuditEvent, "eventId" | "occurredUs">): Promise<void>;
}

/** A decision of an analyst: actor, note and time. */
export interface TriageDecision {
  readonly alertId: string;
  readonly actor: string;
  readonly note: string;
  readonly now: Date;
}

/**
 * Acknowledges an alert. An acknowledged alert does not change. @throws AlertNotFoundError,
 * AlertResolvedError
 */
export async function acknowledgeAlert(transaction: AlertTransaction, decision: TriageDecision): Promise<void> {
  const alert = await lockKnown(transaction, decision.alertId);
  if (alert.state === "resolved") throw new AlertResolvedError(alert.id, alert.disposition ?? "cleared");
  if (alert.state === "acknowledged") return;
  const taken = { state: "acknowledged", acknowledgedBy: decision.actor, changedAt: decision.now } as const;
  await record(transaction, { ...alert, ...taken }, "acknowledged", decision);
}

/**
 * Closes an alert. An alert that is resolved with the same disposition does not change. @throws
 * AlertNotFoundError, AlertResolvedError
 */
export async function resolveAlert(
  transaction: AlertTransaction,
  disposition: Disposition,
  decision: TriageDecision,
): Promise<void> {
  const alert = await lockKnown(transaction, decision.alertId);
  if (alert.state === "resolved") {
    if (alert.disposition === disposition) return;
    throw new AlertResolvedError(alert.id, alert.disposition ?? "cleared");
  }
  const closed = { state: "resolved", disposition, resolvedAt: decision.now, changedAt: decision.now } as const;
  await record(transaction, { ...alert, ...closed }, "resolved", decision);
}

async function lockKnown(transaction: AlertTransaction, alertId: string): Promise<Alert> {
  const alert = await transaction.lock(alertId);
  if (!alert) throw new AlertNotFoundError(alertId);
  return alert;
}

async function record(
  transaction: AlertTransaction,
  alert: Alert,
  kind: AlertEventKind,
  { actor, note, now }: TriageDecision,
): Promise<void> {
  const event: AlertEvent = { alertId: alert.id, kind, occurredAt: now, actor, note, riskScore: alert.riskScore };
  await transaction.save({ alert, event });
  const payload = JSON.stringify({ note, ...(alert.disposition && { disposition: alert.disposition }) });
  await transaction.appendAudit({ kind: `alert.${kind}`, actor, subject: alert.id, payload });
}
