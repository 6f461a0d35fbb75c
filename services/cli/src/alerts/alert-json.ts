import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  type Alert,
  AlertDimension,
  type AlertEvent,
  AlertEventKind,
  AlertSeverity,
  AlertState,
  AlertTrend,
  Disposition,
  type ScoreChangeParts,
} from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { enumWord } from "../output/enum-word.ts";

export const stateWord = (state: AlertState): string => enumWord(AlertState, state);
export const severityWord = (severity: AlertSeverity): string => enumWord(AlertSeverity, severity);
export const dispositionWord = (disposition: Disposition): string => enumWord(Disposition, disposition);
export const eventWord = (kind: AlertEventKind): string => enumWord(AlertEventKind, kind);

/** Returns a time as ISO 8601 in UTC. Null: unset. */
export const timeText = (at: Timestamp | undefined): string | null => (at ? timestampDate(at).toISOString() : null);

/** Returns the parts of a change of a score as one object of JSON. Null: there are none. */
function partsJson(parts: ScoreChangeParts | undefined) {
  if (!parts) return null;
  return {
    before_week: parts.beforeWeek,
    before_version: parts.beforeVersion,
    after_version: parts.afterVersion,
    data_score: parts.dataScore ?? null,
    model_score: parts.modelScore ?? null,
    not_computed: parts.notComputed,
  };
}

/** Returns an alert as one object of JSON. */
export function alertJson(alert: Alert) {
  const { snooze, activeOverride } = alert;
  return {
    alert_id: alert.alertId,
    version: Number(alert.version),
    state: stateWord(alert.state),
    severity: severityWord(alert.severity),
    disposition: dispositionWord(alert.disposition) || null,
    supplier_id: alert.supplierId,
    supplier_name: alert.supplierName,
    region: alert.region,
    category: alert.category,
    risk_score: alert.riskScore,
    score_change: alert.scoreChange ?? null,
    score_change_parts: partsJson(alert.scoreChangeParts),
    trend: enumWord(AlertTrend, alert.trend) || null,
    band: enumWord(Band, alert.band) || null,
    exposure: alert.exposure ?? null,
    expected_impact: alert.expectedImpact ?? null,
    currency: alert.currency,
    owner: alert.owner,
    rule_id: alert.ruleId,
    dimension: enumWord(AlertDimension, alert.dimension),
    model_name: alert.modelName,
    model_version: alert.modelVersion,
    raised_week: alert.raisedWeek,
    last_week: alert.lastWeek,
    signals: Number(alert.signals),
    raised_at: timeText(alert.raisedAt),
    changed_at: timeText(alert.changedAt),
    changed_by: alert.changedBy,
    acknowledged_by: alert.acknowledgedBy,
    resolved_at: timeText(alert.resolvedAt),
    accepted_until: timeText(alert.acceptedUntil),
    duplicate_of_alert_id: alert.duplicateOfAlertId || null,
    replaced_by_alert_id: alert.replacedByAlertId || null,
    snooze: snooze
      ? { until: timeText(snooze.until), until_worse: snooze.untilWorse, min_rise: snooze.minRise, actor: snooze.actor }
      : null,
    override: activeOverride
      ? {
          severity: severityWord(activeOverride.severity) || null,
          band: enumWord(Band, activeOverride.band) || null,
          until: timeText(activeOverride.until),
          reason: activeOverride.reason,
          actor: activeOverride.actor,
        }
      : null,
    summary: alert.summary,
    reasons: alert.reasons.map(({ text, contribution, previousValue }) => ({
      text,
      contribution,
      previous_value: previousValue ?? null,
    })),
  };
}

/** Returns an entry of the history as one object of JSON. */
export function eventJson(event: AlertEvent) {
  return {
    kind: eventWord(event.kind),
    occurred_at: timeText(event.occurredAt),
    actor: event.actor,
    detail: event.detail,
    score_change_parts: partsJson(event.scoreChangeParts),
    note: event.note,
    risk_score: event.riskScore ?? null,
    version: Number(event.version) || null,
  };
}
