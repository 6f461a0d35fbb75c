import { type Alert, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import {
  type BatchRun,
  CheckOutcome,
  DriftOutcome,
  DriftReference,
  RunState,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ReportFormat, ReportService } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import type { ReportedAlert, WeeklyReport } from "@bellwether/report/weekly-report";
import { createClient, type Transport } from "@connectrpc/connect";

/** What is seen of a run: the cells of the table. */
export interface SeenRun {
  readonly run: string;
  readonly alerts: string;
  readonly drift: string;
  readonly report: string;
  readonly audit: string;
}

const NONE = "none";

/** Reads what a run has left in ledger, alerts, report and audit log. */
export async function seenRun(transport: Transport, run: BatchRun): Promise<SeenRun> {
  const { records } = await createClient(AuditService, transport).queryEvents({ subject: `run/${run.runId}` });
  const kinds = records.toSorted((a, b) => Number(a.sequence - b.sequence)).map(({ event }) => event?.kind ?? "");
  const audit = kinds.join(", ");
  const { alerts } = await createClient(AlertService, transport).listAlerts({ pageSize: 200, states: ALL_STATES });
  const without = { alerts: closedText(alerts, run) || NONE, drift: NONE, report: NONE, audit };
  if (run.state !== RunState.COMPLETE) return { ...without, run: stateText(run) };
  const { content } = await createClient(ReportService, transport).getReport({
    ...{ isoWeek: run.isoWeek, format: ReportFormat.JSON },
  });
  const report: WeeklyReport = JSON.parse(content);
  if (report.run_id !== run.runId || report.alerts.raised.count !== run.alertsRaised)
    throw new Error(`the report is of run ${report.run_id} with ${report.alerts.raised.count} alerts raised`);
  return {
    run: stateText(run),
    alerts: alertsText(report, alerts, run) || NONE,
    drift: driftText(run) || NONE,
    report: reportText(report),
    audit,
  };
}

const ALL_STATES = [AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.IN_MITIGATION, AlertState.RESOLVED];

function stateText(run: BatchRun): string {
  const { state, revision, model, approved, overtakenBy, voided, missedReason, checks } = run;
  const failed = checks.filter(({ outcome }) => outcome === CheckOutcome.FAILED).map(({ detail }) => detail);
  switch (state) {
    case RunState.COMPLETE:
      return [
        ...["complete", `revision ${revision}`, model?.version],
        ...(approved ? [`approved by ${approved.actor}: ${approved.reason}`] : []),
        ...(overtakenBy ? [`overtaken by ${overtakenBy}`] : []),
      ].join(", ");
    case RunState.HELD:
      return `held: ${failed.join("; ")}`;
    case RunState.MISSED:
      return `missed: ${missedReason}`;
    case RunState.VOIDED:
      return `voided by ${voided?.actor}: ${voided?.reason}`;
    case RunState.SUPERSEDED:
      return "superseded";
    default:
      throw new Error(`run ${run.runId} has the state ${state}`);
  }
}

function alertsText(report: WeeklyReport, alerts: readonly Alert[], { isoWeek, model }: BatchRun): string {
  const { raised, cleared, worse, better } = report.alerts;
  const moved = alerts.filter(
    ({ lastWeek, scoreChangeParts: parts }) =>
      lastWeek === isoWeek && parts !== undefined && Math.abs(parts.modelScore ?? 0) >= 0.05,
  );
  const parts = grouped(moved, ({ supplierId, scoreChangeParts: by }) => {
    const [data, ofModel] = [by?.dataScore ?? 0, by?.modelScore ?? 0];
    return [supplierId, `${signed(data + ofModel)} (data ${signed(data)}, model ${signed(ofModel)})`];
  });
  return [
    ...byWhy("raised", raised.entries),
    ...byWhy("cleared", cleared.entries),
    ...(worse > 0 ? [`worse ${worse}`] : []),
    ...(better > 0 ? [`better ${better}`] : []),
    ...parts.map((text) => `by ${model?.version}: ${text}`),
  ].join("; ");
}

const signed = (score: number): string => {
  const text = score.toFixed(1).replace("-0.0", "0.0");
  return score >= 0.05 ? `+${text}` : text;
};

/** Joins the names of the entries that have the same text behind them. */
function grouped<T>(entries: readonly T[], textOf: (entry: T) => readonly [name: string, text: string]): string[] {
  const names = Map.groupBy(entries.map(textOf), ([, text]) => text);
  return [...names].map(
    ([text, some]) =>
      `${some
        .map(([name]) => name)
        .sort()
        .join(", ")} ${text}`,
  );
}

function byWhy(kind: string, entries: readonly ReportedAlert[]): string[] {
  return grouped(entries, ({ supplier_id, severity, why }) => [supplier_id, `(${severity}): ${why}`]).map(
    (text) => `${kind} ${text}`,
  );
}

/** The alerts that were closed because the run that had raised them was withdrawn. */
function closedText(alerts: readonly Alert[], { isoWeek, state }: BatchRun): string {
  if (state !== RunState.VOIDED && state !== RunState.SUPERSEDED) return "";
  const closed = alerts.filter(
    ({ disposition, raisedWeek }) => disposition === Disposition.VOID && raisedWeek === isoWeek,
  );
  return closed.length === 0
    ? ""
    : `closed as void: ${closed
        .map(({ supplierId }) => supplierId)
        .sort()
        .join(", ")}`;
}

function driftText({ drift }: BatchRun): string {
  return drift
    .flatMap(({ feature, comparisons }) =>
      comparisons
        .filter(({ outcome }) => outcome === DriftOutcome.ALARM)
        .map(({ reference, referenceWeek }) => {
          return `${feature} since ${reference === DriftReference.TRAINING ? "training" : referenceWeek}`;
        }),
    )
    .sort()
    .join(", ");
}

function reportText({ counts, bands, previous_week, rejected, revision_changes: revision }: WeeklyReport): string {
  const high = bands.find(({ band }) => band === "high");
  const before = previous_week === null ? "" : `, in ${previous_week} ${high?.previous_suppliers ?? 0}`;
  const reasons = rejected.reasons.entries.map(({ rows, column, reason }) => `${rows} ${column} ${reason}`);
  return [
    `${counts.read} read = ${counts.scored} scored + ${counts.rejected} rejected + ${counts.repeated} repeated`,
    `high ${high?.suppliers ?? 0}${before}`,
    ...(reasons.length > 0 ? [`rejected: ${reasons.join(", ")}`] : []),
    ...(revision
      ? [
          `against revision 1: ${revision.scores_changed} of ${revision.suppliers} scores, ${revision.alerts_raised} alert raised, ${revision.alerts_cleared} cleared, ${revision.alerts_changed} changed`,
        ]
      : []),
  ].join("; ");
}
