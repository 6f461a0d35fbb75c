import type { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type Alert, type AlertSeverity, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type { AlertActionSchema } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { countOf } from "../parts/format.ts";

/** What a reader decides about one or several alerts. */
export type Decision =
  | { readonly kind: "acknowledge" }
  | { readonly kind: "mitigate" }
  | {
      readonly kind: "resolve";
      readonly disposition: Disposition;
      readonly note: string;
      /** Only with ACCEPTED. Undefined: for the time that the server is configured with. */
      readonly acceptedUntil?: Date;
      /** Only with DUPLICATE: id of the alert about the same risk. */
      readonly duplicateOf?: string;
    }
  /** `owner` "": nobody. */
  | { readonly kind: "assign"; readonly owner: string; readonly note: string }
  /** Without `until` and `untilWorse` the snooze ends. */
  | { readonly kind: "snooze"; readonly until?: Date; readonly untilWorse: boolean }
  | { readonly kind: "comment"; readonly comment: string }
  /** Without a severity and a band the override ends. */
  | {
      readonly kind: "override";
      readonly severity: AlertSeverity;
      readonly band: Band;
      readonly until?: Date;
      readonly reason: string;
    }
  | { readonly kind: "reopen" }
  | { readonly kind: "undo" };

/** The alert of a decision, with the version that the reader saw. */
export type SeenAlert = Pick<Alert, "alertId" | "version">;

/** Returns the action of the contract for a decision about an alert. */
export function actionOf(
  { alertId, version }: SeenAlert,
  decision: Decision,
): MessageInitShape<typeof AlertActionSchema> {
  const seen = { alertId, version };
  switch (decision.kind) {
    case "acknowledge":
      return { action: { case: "acknowledge", value: seen } };
    case "mitigate":
      return { action: { case: "startMitigation", value: seen } };
    case "resolve": {
      const { disposition, note, acceptedUntil, duplicateOf = "" } = decision;
      const until = acceptedUntil && { acceptedUntil: timestampFromDate(acceptedUntil) };
      const value = { ...seen, disposition, note, ...until, duplicateOfAlertId: duplicateOf };
      return { action: { case: "resolve", value } };
    }
    case "assign":
      return { action: { case: "assign", value: { ...seen, owner: decision.owner, note: decision.note } } };
    case "snooze": {
      const until = decision.until && { until: timestampFromDate(decision.until) };
      return { action: { case: "snooze", value: { ...seen, ...until, untilWorse: decision.untilWorse } } };
    }
    case "comment":
      return { action: { case: "comment", value: { ...seen, comment: decision.comment } } };
    case "override": {
      const { severity, band, until, reason } = decision;
      const value = { ...seen, severity, band, reason, ...(until && { until: timestampFromDate(until) }) };
      return { action: { case: "overrideAlert", value } };
    }
    case "reopen":
      return { action: { case: "reopen", value: seen } };
    case "undo":
      return { action: { case: "undo", value: seen } };
  }
}

/** Whether an action on an alert in its present state can succeed. */
export function isAllowed(kind: Decision["kind"], { state }: Pick<Alert, "state">): boolean {
  switch (kind) {
    case "acknowledge":
      return state === AlertState.OPEN;
    case "mitigate":
      return state === AlertState.OPEN || state === AlertState.ACKNOWLEDGED;
    case "resolve":
    case "assign":
    case "snooze":
    case "override":
      return state !== AlertState.RESOLVED;
    case "reopen":
      return state === AlertState.RESOLVED;
    case "comment":
    case "undo":
      return true;
  }
}

/** Whether an action can be undone within 60 seconds. */
export const canBeUndone = ({ kind }: Decision): boolean => kind !== "comment" && kind !== "undo";

/** Returns a decision as the beginning of a sentence: "Acknowledged", "Handed over to jo". */
export function decisionWords(decision: Decision): string {
  switch (decision.kind) {
    case "acknowledge":
      return "Acknowledged";
    case "mitigate":
      return "In mitigation";
    case "resolve":
      return "Resolved";
    case "assign":
      return decision.owner ? `Handed over to ${decision.owner}` : "Without owner";
    case "snooze":
      return decision.until || decision.untilWorse ? "Snoozed" : "Snooze ended";
    case "comment":
      return "Commented";
    case "override":
      return decision.severity || decision.band ? "Overridden" : "Override ended";
    case "reopen":
      return "Opened again";
    case "undo":
      return "Undone";
  }
}

/** Returns the alerts in words: the name of one, or the number of several. */
export function alertsWords(alerts: readonly Pick<Alert, "supplierName" | "supplierId">[]): string {
  const [first] = alerts;
  return alerts.length === 1 && first ? first.supplierName || first.supplierId : countOf(alerts.length, "alert");
}

/** The dispositions that a reader can choose, with their meaning. FALSE_ALARM is only on earlier alerts. */
export const DISPOSITIONS: readonly { readonly disposition: Disposition; readonly meaning: string }[] = [
  { disposition: Disposition.MITIGATED, meaning: "The risk was real, and somebody has reduced it." },
  { disposition: Disposition.ACCEPTED, meaning: "The risk is real, and somebody accepts it for some time." },
  { disposition: Disposition.FALSE_DATA, meaning: "There was no risk: the data was wrong." },
  { disposition: Disposition.FALSE_MODEL, meaning: "There was no risk: the data was right, the score was wrong." },
  { disposition: Disposition.DUPLICATE, meaning: "Another alert is about the same risk." },
];
