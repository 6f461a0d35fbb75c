import { bandFromNumber } from "@bellwether/contract/band-codes";
import type { BatchRun, FeatureDrift, RunLosses } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { IngestRecord } from "./ingest-record.ts";

/** The report of a run, as plain JSON. */
export interface RunSummary {
  readonly run_id: number;
  readonly [figure: string]: unknown;
}

/** Names of `bellwether.ops.v1.LossLimit` by number. */
const LOSS_LIMITS = ["unspecified", "rejected_rows", "suppliers"];

/**
 * Returns the report of a complete run as plain JSON: counts of rows read, rejected and scored, the model,
 * and the results.
 * @param reference week with which drift is measured; null when there was none
 * @param notes remarks in addition to the counts
 */
export function runSummary(
  run: BatchRun,
  ingested: IngestRecord | null,
  reference: string | null,
  notes: readonly string[],
): RunSummary {
  const seconds = (time: { seconds: bigint; nanos: number } | undefined): string | null =>
    time ? new Date(Number(time.seconds) * 1000 + time.nanos / 1e6).toISOString() : null;
  const { model } = run;
  return {
    iso_week: run.isoWeek,
    as_of: run.asOf || null,
    run_id: run.runId,
    revision: run.revision,
    model: model && {
      name: model.name,
      version: model.version,
      model_digest: model.modelDigest,
      bundle_digest: model.bundleDigest,
      config_hash: model.configHash,
      runtime: model.runtime,
      kernel: model.kernel,
    },
    input: ingested?.input ?? null,
    input_objects: ingested?.objects?.length ? ingested.objects : null,
    input_digest: run.inputDigest,
    source_digest: run.sourceDigest,
    config_hash: run.configHash,
    policy_hash: run.policyHash,
    rows_read: Number(run.rowsRead ?? 0),
    rows_scored: Number(run.rowsScored),
    rows_rejected: Number(run.rowsRejected),
    chunks: run.chunksReceived,
    chunk_rows: run.chunkRows || null,
    rejected_when_reading: ingested?.rejected ?? null,
    cleaned_ids: ingested?.cleanedIds ?? null,
    changed_attributes: ingested?.changedAttributes ?? null,
    snapshot_as_of: ingested?.asOf ?? null,
    snapshot_date: ingested?.newestAsOf ?? null,
    older_rows: ingested?.olderRows ?? null,
    later_rows: ingested?.laterRows ?? null,
    rejected_when_scored: ingested === null ? null : Number(run.rowsRejected) - ingested.rejected.count,
    sources: ingested?.sources.map(sourceToJson) ?? null,
    bands: Object.fromEntries(run.bands.map(({ band, rows }) => [bandFromNumber(band) ?? String(band), Number(rows)])),
    losses: run.losses ? lossesToJson(run.losses) : null,
    rules_evaluated: run.overtakenBy === "",
    overtaken_by: run.overtakenBy || null,
    alerts_raised: run.alertsRaised,
    drift_reference: reference,
    drift: run.drift.map(driftToJson),
    started_at: seconds(run.startedAt),
    completed_at: seconds(run.completedAt),
    notes,
  };
}

/**
 * Returns the counts of one source file, with the columns that the mapping ignores and the values that its
 * rules changed to unknown.
 */
function sourceToJson({
  source,
  file,
  rows,
  digest,
  unreadColumns,
  ruledNull,
  pathValues = {},
  notes = [],
}: IngestRecord["sources"][number]): object {
  return {
    ...{ source, file, rows, sha256: digest, unread_columns: unreadColumns, values_ruled_unknown: ruledNull },
    ...{ path_values: pathValues, notes },
  };
}

/** Losses as plain JSON: rows and suppliers as numbers, exceeded limits by name. */
export function lossesToJson(losses: RunLosses): object {
  const { accepted } = losses;
  return {
    rows_rejected: Number(losses.rowsRejected),
    rows_repeated: Number(losses.rowsRepeated),
    rejected_share: losses.rejectedShare,
    max_rejected_share: losses.maxRejectedShare,
    max_rejected_rows: Number(losses.maxRejectedRows),
    suppliers: Number(losses.suppliers),
    previous_suppliers: losses.previousSuppliers === undefined ? null : Number(losses.previousSuppliers),
    previous_week: losses.previousWeek || null,
    min_suppliers_share: losses.minSuppliersShare,
    exceeded: losses.exceeded.map((limit) => LOSS_LIMITS[limit] ?? String(limit)),
    accepted: accepted ? { reason: accepted.reason, actor: accepted.actor } : null,
  };
}

/** Drift of a feature as plain JSON, without the distributions. */
function driftToJson({ feature, psi, comparisons }: FeatureDrift): object {
  return {
    feature,
    psi,
    comparisons: comparisons.map((one) => ({
      text: one.text,
      ...{ reference_rows: Number(one.referenceRows), present_rows: Number(one.presentRows) },
      ...{ effect: one.effect, effect_noise: one.effectNoise, shift: one.shift },
      ...{ psi: one.psi ?? null, psi_noise: one.psiNoise ?? null, p_value: one.pValue ?? null },
      ...{ reference_value: one.referenceValue, present_value: one.presentValue },
    })),
  };
}
