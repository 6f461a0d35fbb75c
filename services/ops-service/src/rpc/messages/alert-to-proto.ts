import { BAND_NUMBERS, type Band } from "@bellwether/contract/band-codes";
import { Band as ProtoBand } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  AlertDimension,
  AlertEventKind,
  type AlertEventSchema,
  type AlertSchema,
  AlertSeverity,
  AlertState,
  AlertTrend,
  Disposition,
} from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type * as domain from "../../domain/alerts/alert.ts";
import { exposureIn, type ImpactFormula } from "../../domain/scores/expected-impact.ts";
import type { ExplainedReason } from "../../domain/scores/explain-score.ts";
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
  /** Empty: not known. */
  readonly region: string;
  readonly category: string;
  /** Exposure per year, in `exposureCurrency`. Null: not known. */
  readonly exposure: number | null;
  /** ISO 4217. Empty: the currency of the formula. */
  readonly exposureCurrency: string;
  /** The formula of the expected impacts of the alert's last run. Null: a run of an earlier release. */
  readonly formula: ImpactFormula | null;
  /** Position of the alert's last change in the sequence of all changes. */
  readonly sequence: number;
  /** The reasons that increased the alert's score most, largest first. */
  readonly reasons: readonly ExplainedReason[];
  /** Id of the supplier into which the supplier is merged. Left out: it is not merged, or the caller sees each supplier apart. */
  readonly mergedInto?: string;
}

export const SEVERITIES: Readonly<Record<domain.AlertSeverity, AlertSeverity>> = {
  warning: AlertSeverity.WARNING,
  critical: AlertSeverity.CRITICAL,
};

export const STATES: Readonly<Record<domain.AlertState, AlertState>> = {
  open: AlertState.OPEN,
  acknowledged: AlertState.ACKNOWLEDGED,
  in_mitigation: AlertState.IN_MITIGATION,
  resolved: AlertState.RESOLVED,
};

export const TRENDS: Readonly<Record<domain.AlertTrend, AlertTrend>> = {
  new: AlertTrend.NEW,
  worse: AlertTrend.WORSE,
  better: AlertTrend.BETTER,
  same: AlertTrend.SAME,
};

const DIMENSIONS: Readonly<Record<domain.Alert["dimension"], AlertDimension>> = {
  score: AlertDimension.SCORE,
  impact: AlertDimension.IMPACT,
};

export const DISPOSITIONS: Readonly<Record<domain.Disposition, Disposition>> = {
  mitigated: Disposition.MITIGATED,
  accepted: Disposition.ACCEPTED,
  false_alarm: Disposition.FALSE_ALARM,
  cleared: Disposition.CLEARED,
  lapsed: Disposition.LAPSED,
  replaced: Disposition.REPLACED,
  false_data: Disposition.FALSE_DATA,
  false_model: Disposition.FALSE_MODEL,
  duplicate: Disposition.DUPLICATE,
  void: Disposition.VOID,
};

const EVENT_KINDS: Readonly<Record<domain.AlertEventKind, AlertEventKind>> = {
  raised: AlertEventKind.RAISED,
  escalated: AlertEventKind.ESCALATED,
  acknowledged: AlertEventKind.ACKNOWLEDGED,
  resolved: AlertEventKind.RESOLVED,
  reopened: AlertEventKind.REOPENED,
  deescalated: AlertEventKind.DEESCALATED,
  mitigation_started: AlertEventKind.MITIGATION_STARTED,
  assigned: AlertEventKind.ASSIGNED,
  snoozed: AlertEventKind.SNOOZED,
  woken: AlertEventKind.WOKEN,
  commented: AlertEventKind.COMMENTED,
  overridden: AlertEventKind.OVERRIDDEN,
  override_ended: AlertEventKind.OVERRIDE_ENDED,
  undone: AlertEventKind.UNDONE,
  voided: AlertEventKind.VOIDED,
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
    ...decisionToProto(alert),
    region: view.region,
    category: view.category,
    ...moneyToProto(view),
    ...(alert.scoreChange !== null && { scoreChange: alert.scoreChange }),
    trend: TRENDS[alert.trend],
    signals: BigInt(alert.signals),
    band: bandToProto(alert.override?.band ?? alert.band),
    sequence: BigInt(view.sequence),
    ...partsToProto(alert.scoreChangeParts),
    ...(view.mergedInto !== undefined && { mergedIntoSupplierId: view.mergedInto }),
  };
}

function partsToProto(parts: domain.ScoreChangeParts | null) {
  if (parts === null) return {};
  const { dataScore, modelScore, ...about } = parts;
  return {
    scoreChangeParts: {
      ...about,
      ...(dataScore !== null && { dataScore }),
      ...(modelScore !== null && { modelScore }),
    },
  };
}

/** Converts the exposure to the currency of the impact. Without a known exposure, the impact only orders alerts. */
function moneyToProto({ alert, formula, exposureCurrency, ...view }: AlertNames) {
  const exposure = formula ? exposureIn(formula, view.exposure, exposureCurrency) : view.exposure;
  if (exposure === null) return { currency: formula?.currency ?? "" };
  const impact = alert.expectedImpact;
  return { currency: formula?.currency ?? "", exposure, ...(impact !== null && { expectedImpact: impact }) };
}

/** Converts what persons have decided about an alert. */
function decisionToProto(alert: domain.Alert) {
  const { snooze, snoozedUntil, override, overrideUntil, acceptedUntil, resolvedAt } = alert;
  return {
    version: BigInt(alert.version),
    changedBy: alert.changedBy,
    owner: alert.owner,
    duplicateOfAlertId: alert.duplicateOf ?? "",
    ...(acceptedUntil && { acceptedUntil: timestampFromDate(acceptedUntil) }),
    ...(resolvedAt && { resolvedAt: timestampFromDate(resolvedAt) }),
    ...(snooze && {
      snooze: {
        ...{ untilWorse: snooze.untilWorse, minRise: snooze.minRise, fromScore: snooze.fromScore, actor: snooze.actor },
        ...(snoozedUntil && { until: timestampFromDate(snoozedUntil) }),
      },
    }),
    ...(override && {
      activeOverride: {
        ...{ reason: override.reason, actor: override.actor, band: bandToProto(override.band) },
        severity: override.severity ? SEVERITIES[override.severity] : AlertSeverity.UNSPECIFIED,
        ...(overrideUntil && { until: timestampFromDate(overrideUntil) }),
        ruleSeverity: SEVERITIES[alert.ruleSeverity],
        modelBand: bandToProto(alert.band),
      },
    }),
  };
}

function bandToProto(band: Band | null): ProtoBand {
  return band === null ? ProtoBand.UNSPECIFIED : BAND_NUMBERS[band];
}

export function alertEventToProto(event: domain.AlertEvent): MessageInitShape<typeof AlertEventSchema> {
  return {
    kind: EVENT_KINDS[event.kind],
    occurredAt: timestampFromDate(event.occurredAt),
    actor: event.actor,
    note: event.note,
    detail: event.detail,
    version: BigInt(event.version),
    ...(event.riskScore !== null && { riskScore: event.riskScore }),
    ...partsToProto(event.scoreChangeParts),
    runId: event.runId ?? 0,
  };
}

/** Returns the name of an enum number that protovalidate accepted. Undefined: "unspecified". */
export function nameOf<N extends string>(names: Readonly<Record<N, number>>, number: number): N | undefined {
  for (const name in names) if (names[name] === number) return name;
  return undefined;
}
