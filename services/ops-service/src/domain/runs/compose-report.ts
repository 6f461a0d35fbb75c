import { type AuditCheckpoint, checkpointJson } from "@bellwether/contract/audit/checkpoint";
import { BANDS } from "@bellwether/contract/band-codes";
import { binLabels } from "@bellwether/report/bin-labels";
import {
  bySeverity,
  type Listed,
  type RejectedReason,
  type RejectedSample,
  type ReportedAlert,
  type SpendGroups,
  type WeeklyReport,
} from "@bellwether/report/weekly-report";
import type { AlertChange, AlertEventKind } from "../alerts/alert.ts";
import { isSameFormula } from "../scores/expected-impact.ts";
import type { RevisionChanges, Run } from "../scores/run.ts";
import type { DriftComparison, FeatureDrift } from "../scores/run-drift.ts";
import { type Mover, type ReportedRun, sumOf } from "./week-report.ts";

/** What a run reports about its input, for the weekly report. */
export interface InputReport {
  readonly reasons: readonly RejectedReason[];
  /** Number of reasons, also of those that are not in `reasons`. */
  readonly reasonsCount: number;
  readonly samples: readonly RejectedSample[];
  readonly files: WeeklyReport["sources"];
}

/** What the weekly report needs of the published scores. */
export interface ScoreParts {
  readonly regions: SpendGroups;
  readonly categories: SpendGroups;
  readonly risers: readonly Mover[];
  readonly fallers: readonly Mover[];
  /** Units of the features, by their names. */
  readonly units: ReadonlyMap<string, string>;
}

/** What else the weekly report needs from the database, after the run is complete. */
export interface ReportParts {
  readonly run: ReportedRun;
  readonly previous: ReportedRun | null;
  /** Ids and names of suppliers, by their internal id. */
  readonly suppliers: ReadonlyMap<number, { readonly supplierId: string; readonly name: string }>;
  /** Number of active alerts of the model, after the run. */
  readonly activeAlerts: number;
}

/** Maximum number of alerts in each list of a report. */
const LISTED_ALERTS = 200;
/** Maximum number of features in a report. */
const LISTED_FEATURES = 500;

/** Returns the alerts that a report lists, each with the entries by which it got on the list. */
function reportedChanges(changes: readonly AlertChange[]) {
  return {
    raised: changesOf(changes, ["raised", "reopened"]),
    cleared: changesOf(changes, ["resolved", "voided"]),
    worse: changesOf(changes, ["escalated"]),
    better: changesOf(changes, ["deescalated"]),
  };
}

function changesOf(changes: readonly AlertChange[], kinds: readonly AlertEventKind[]): readonly AlertChange[] {
  return changes.filter(({ events }) => events.some(({ kind }) => kinds.includes(kind)));
}

/**
 * Composes the report of a run that has just been completed.
 * @param changes what the rules decided, against the alerts before the week
 */
export function composeReport(
  run: Run,
  parts: ReportParts & ScoreParts,
  changes: readonly AlertChange[],
  { input, checkpoint }: { readonly input: InputReport | null; readonly checkpoint: AuditCheckpoint | null },
): WeeklyReport {
  const { previous } = parts;
  const { raised, cleared, worse, better } = reportedChanges(changes);
  // The losses were measured when the run was completed: they have the counts after rows that repeat others.
  const { rowsRejected: rejected = 0, rowsRepeated: repeated = 0 } = run.losses ?? {};
  const list = (some: readonly AlertChange[]): Listed<ReportedAlert> => ({
    count: some.length,
    entries: some.slice(0, LISTED_ALERTS).map((change) => alertToReport(change, parts.suppliers)),
  });
  return {
    ...{ report_version: 2, iso_week: run.isoWeek, run_id: run.id, revision: run.revision, as_of: run.asOf || null },
    previous_week: previous?.isoWeek ?? null,
    started_at: run.startedAt.toISOString(),
    completed_at: run.completedAt?.toISOString() ?? "",
    model: modelOf(run),
    configuration: {
      ...{ config_hash: run.configHash, policy_hash: run.policyHash },
      ...{ source_digest: run.sourceDigest, input_digest: run.inputDigest },
    },
    counts: { read: run.rowsRead ?? 0, scored: run.rowsScored, rejected, repeated },
    ...{ sources: input?.files ?? [], objects: run.inputObjects },
    checks: run.checks,
    approved: approvalOf(run),
    overtaken_by: run.overtakenBy || null,
    revision_changes: run.changes && revisionOf(run.changes),
    bands: bandsOf(parts),
    money_at_risk: {
      currency: parts.run.formula?.currency ?? "",
      amount: sumOf(parts.run.totals, "impact") ?? 0,
      previous_amount: isSameFormula(parts.run.formula, previous?.formula ?? null)
        ? sumOf(previous?.totals ?? [], "impact")
        : null,
      suppliers_without_exposure: sumOf(parts.run.totals, "withoutExposure") ?? 0,
    },
    ...{ regions: parts.regions, categories: parts.categories },
    ...{ risers: parts.risers.map(moverToReport), fallers: parts.fallers.map(moverToReport) },
    alerts: {
      ...{ raised: list(raised), cleared: list(cleared), worse: worse.length, better: better.length },
      ...{ active: parts.activeAlerts, active_before: parts.activeAlerts - raised.length + cleared.length },
    },
    rejected: {
      reasons: { count: input?.reasonsCount ?? 0, entries: input?.reasons ?? [] },
      samples: input?.samples ?? [],
    },
    drift: driftOf(run, parts.units),
    ...(checkpoint && { audit_checkpoint: checkpointJson(checkpoint) }),
  };
}

function revisionOf(changes: RevisionChanges): NonNullable<WeeklyReport["revision_changes"]> {
  return {
    ...{ suppliers: changes.suppliers, scores_changed: changes.scoresChanged, bands_changed: changes.bandsChanged },
    ...{ suppliers_added: changes.suppliersAdded, suppliers_removed: changes.suppliersRemoved },
    max_score_change: changes.maxScoreChange,
    alerts_raised: changes.alertsRaised.count,
    alerts_cleared: changes.alertsCleared.count,
    alerts_changed: changes.alertsChanged.count,
  };
}

function modelOf({ scoredBy, modelName }: Run): WeeklyReport["model"] {
  return {
    ...{ name: modelName, version: scoredBy?.version ?? "", model_digest: scoredBy?.modelDigest ?? "" },
    ...{ bundle_digest: scoredBy?.bundleDigest ?? "", config_hash: scoredBy?.configHash ?? "" },
    ...{ runtime: scoredBy?.runtime ?? "", kernel: scoredBy?.kernel ?? "" },
  };
}

function approvalOf({ approved, losses }: Run): WeeklyReport["approved"] {
  const { reason, actor } = approved ?? losses?.accepted ?? {};
  if (reason === undefined || actor === undefined) return null;
  return { reason, actor, decided_at: approved ? new Date(approved.decidedMs).toISOString() : null };
}

function bandsOf({ run, previous }: Pick<ReportParts, "run" | "previous">): WeeklyReport["bands"] {
  const suppliersOf = ({ totals }: ReportedRun, band: string): number =>
    totals.find((total) => total.band === band)?.suppliers ?? 0;
  return bySeverity(
    BANDS.map((band) => ({
      ...{ band, suppliers: suppliersOf(run, band) },
      previous_suppliers: previous && suppliersOf(previous, band),
    })),
  );
}

function moverToReport({ supplierId, name, riskScore, change, band, impact }: Mover): WeeklyReport["risers"][number] {
  return { supplier_id: supplierId, name, risk_score: riskScore, change, band, money_at_risk: impact };
}

function alertToReport({ alert, events }: AlertChange, suppliers: ReportParts["suppliers"]): ReportedAlert {
  // The summary of an alert describes its last score. That is not the reason why the alert lapsed.
  const why = events.flatMap(({ note, detail }) => [note, detail]).filter((text) => text !== "");
  const supplier = suppliers.get(alert.supplierId);
  return {
    ...{ alert_id: alert.id, supplier_id: supplier?.supplierId ?? "", supplier_name: supplier?.name ?? "" },
    ...{ rule: alert.ruleId, severity: alert.severity, why: why.join(" ") || alert.summary },
  };
}

function driftOf({ drift }: Run, units: ScoreParts["units"]): WeeklyReport["drift"] {
  const entries = drift.slice(0, LISTED_FEATURES).map(({ feature, psi, kind, comparisons = [] }) => ({
    ...{ feature, unit: units.get(feature) ?? "", psi: isComparedWithWeek(comparisons) ? psi : null },
    comparisons: comparisons.map((comparison) => comparisonToReport(comparison, kind)),
  }));
  return { count: drift.length, entries };
}

/** Whether a feature was compared with the week before. Runs of earlier releases have only that comparison, as psi. */
const isComparedWithWeek = (comparisons: readonly DriftComparison[]): boolean =>
  comparisons.length === 0 || comparisons.some(({ reference }) => reference === "previous-week");

function comparisonToReport(
  { reference, referenceWeek, aspect, outcome, effect, pValue, text, bins }: DriftComparison,
  kind: FeatureDrift["kind"],
): WeeklyReport["drift"]["entries"][number]["comparisons"][number] {
  const labels = binLabels(bins);
  return {
    ...{ reference: reference === "training" ? "training" : referenceWeek, aspect, outcome, effect },
    effect_unit: aspect === "missing" || kind === "category" ? "share" : "sigma",
    ...{ p_value: pValue ?? null, text },
    bins: bins.map(({ referenceShare, presentShare }, i) => ({
      ...{ label: labels[i] ?? "", reference: referenceShare, present: presentShare },
    })),
  };
}

/** Returns the internal ids of the suppliers whose names a report of these changes shows. */
export function reportedSuppliers(changes: readonly AlertChange[]): number[] {
  const { raised, cleared } = reportedChanges(changes);
  const listed = [raised, cleared].flatMap((some) => some.slice(0, LISTED_ALERTS));
  return [...new Set(listed.map(({ alert }) => alert.supplierId))];
}
