import {
  AlertDimension,
  AlertEventKind,
  type AlertEventSchema,
  type AlertSchema,
  AlertSeverity,
  AlertState,
  Disposition,
} from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type { Reason } from "@bellwether/reasons/reasons";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type * as domain from "../domain/alert.ts";
import { reasonToProto } from "./reason-to-proto.ts";

/** An alert with the related data that the store adds. */
export interface AlertNames {
  readonly alert: domain.Alert;
  readonly supplierExternalId: string;
  readonly supplierName: string;
  readonly raisedWeek: string;
  readonly lastWeek: string;
  readonly modelVersion: string;
  /** The rule of the alert that replaced this one. Null: none did. */
  readonly replacedByRuleId: string | null;
  /** The reasons that increased the alert's score most, largest first. */
  readonly reasons: readonly Reason[];
}

export const SEVERITIES: Readonly<Record<domain.AlertSeverity, AlertSeverity>> = {
  warning: AlertSeverity.WARNING,
  critical: AlertSeverity.CRITICAL,
};

export const STATES: Readonly<Record<domain.AlertState, AlertState>> = {
  open: AlertState.OPEN,
  acknowledged: AlertState.ACKNOWLEDGED,
  resolved: AlertState.RESOLVED,
};

const DIMENSIONS: Readonly<Record<domain.Alert["dimension"], AlertDimension>> = {
  score: AlertDimension.SCORE,
  impact: AlertDimension.IMPACT,
};

const DISPOSITIONS: Readonly<Record<domain.Disposition, Disposition>> = {
  mitigated: Disposition.MITIGATED,
  accepted: Disposition.ACCEPTED,
  false_alarm: Disposition.FALSE_ALARM,
  cleared: Disposition.CLEARED,
  lapsed: Disposition.LAPSED,
  replaced: Disposition.REPLACED,
};

const EVENT_KINDS: Readonly<Record<domain.AlertEventKind, AlertEventKind>> = {
  raised: AlertEventKind.RAISED,
  escalated: AlertEventKind.ESCALATED,
  acknowledged: AlertEventKind.ACKNOWLEDGED,
  resolved: AlertEventKind.RESOLVED,
  reopened: AlertEventKind.REOPENED,
  deescalated: AlertEventKind.DEESCALATED,
};

export function alertToProto(view: AlertNames): MessageInitShape<typeof AlertSchema> {
  const { alert, supplierExternalId } = view;
  return {
    alertId: alert.id,
    dedupeKey: `${alert.modelName}/${supplierExternalId}/${alert.ruleId}/${alert.dimension}`,
    supplierId: supplierExternalId,
    supplierName: view.supplierName,
    ruleId: alert.ruleId,
    dimension: DIMENSIONS[alert.dimension],
    severity: SEVERITIES[alert.severity],
    state: STATES[alert.state],
    disposition: alert.disposition ? DISPOSITIONS[alert.disposition] : Disposition.UNSPECIFIED,
    riskScore: alert.riskScore,
    raisedWeek: view.raisedWeek,
    lastWeek: view.lastWeek,
    modelName: alert.modelName,
    modelVersion: view.modelVersion,
    raisedAt: timestampFromDate(alert.raisedAt),
    changedAt: timestampFromDate(alert.changedAt),
    acknowledgedBy: alert.acknowledgedBy,
    summary: alert.summary,
    replacedByAlertId: alert.replacedBy ?? "",
    replacedByRuleId: view.replacedByRuleId ?? "",
    reasons: view.reasons.map(reasonToProto),
  };
}

export function alertEventToProto(event: domain.AlertEvent): MessageInitShape<typeof AlertEventSchema> {
  return {
    kind: EVENT_KINDS[event.kind],
    occurredAt: timestampFromDate(event.occurredAt),
    actor: event.actor,
    note: event.note,
    ...(event.riskScore !== null && { riskScore: event.riskScore }),
  };
}

/** Returns the name of an enum number that protovalidate accepted. Undefined: "unspecified". */
export function nameOf<N extends string>(names: Readonly<Record<N, number>>, number: number): N | undefined {
  for (const name in names) if (names[name] === number) return name;
  return undefined;
}

/** Converts the disposition that an analyst has chosen. */
export function dispositionFromProto(disposition: Disposition): domain.Disposition {
  return nameOf(DISPOSITIONS, disposition) ?? "mitigated";
}
