import type { BatchRun } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { IngestRecord } from "./weekly-ports.ts";

/** Names of `bellwether.inference.v1.Band` by number. */
const BANDS = ["UNSPECIFIED", "UNKNOWN", "LOW", "MEDIUM", "HIGH"];

/**
 * The report of a complete run as plain JSON: what was read, set aside and scored, by which model, and what came of it.
 * @param reference week that drift is measured against; null: there was none
 */
export function runSummary(run: BatchRun, ingested: IngestRecord | null, reference: string | null): object {
  const seconds = (time: { seconds: bigint; nanos: number } | undefined): string | null =>
    time ? new Date(Number(time.seconds) * 1000 + time.nanos / 1e6).toISOString() : null;
  const { model } = run;
  return {
    iso_week: run.isoWeek,
    run_id: run.runId,
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
    input_digest: run.inputDigest,
    rows_read: Number(run.rowsRead ?? 0),
    rows_scored: Number(run.rowsScored),
    rows_set_aside: Number(run.rowsSetAside),
    set_aside_when_reading: ingested?.rejected ?? null,
    bands: Object.fromEntries(run.bands.map(({ band, rows }) => [BANDS[band] ?? String(band), Number(rows)])),
    alerts_raised: run.alertsRaised,
    drift_reference: reference,
    drift: run.drift.map(({ feature, psi }) => ({ feature, psi })),
    started_at: seconds(run.startedAt),
    completed_at: seconds(run.completedAt),
  };
}
