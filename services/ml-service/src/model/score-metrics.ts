import { BAND_NUMBERS, bandFromNumber } from "@bellwether/contract/band-codes";
import type { BatchPool } from "@bellwether/scoring/batch/batch-pool";
import { durationSeries, type RecordDuration } from "@bellwether/telemetry/counted-durations";
import { type Attributes, type BatchObservableCallback, metrics } from "@opentelemetry/api";
import type { ScoreCounts, ScoringRpc } from "../domain/score-counts.ts";

/**
 * Maximum number of versions with series of their own. A caller can name any version of the registry: the further ones
 * are counted together, with the model and version "other".
 */
const MAX_VERSIONS = 16;
const OTHER = "other";

/** Number of band codes, from 0: the row is invalid. */
const BANDS = Math.max(...Object.values(BAND_NUMBERS)) + 1;

/** The counts of one version since the start of the process. */
interface VersionCounts {
  readonly labels: { readonly model: string; readonly version: string };
  /** Number of suppliers by band code. */
  readonly bands: Float64Array;
  /** Missing features of all suppliers, without the text. */
  missing: number;
  readonly durations: Map<ScoringRpc, RecordDuration>;
}

/** What is scored, as metrics. */
export interface ScoreMetrics extends ScoreCounts, Disposable {}

/**
 * Creates the metrics of scoring: `bellwether.model.call.duration`, which also has the number of calls,
 * `bellwether.model.scores` and `bellwether.model.missing_features` by model version, and the load of the pool. They are
 * reported until they are disposed of. Counting costs a call less than a microsecond.
 */
export function createScoreMetrics(pool: Pick<BatchPool, "load">): ScoreMetrics {
  const versions = new Map<string, VersionCounts>();
  const countsOf = (model: string, version: string): VersionCounts => {
    const key = `${model}/${version}`;
    const known = versions.get(key);
    if (known !== undefined) return known;
    if (versions.size >= MAX_VERSIONS && model !== OTHER) return countsOf(OTHER, OTHER);
    const counts = { labels: { model, version }, bands: new Float64Array(BANDS), missing: 0, durations: new Map() };
    versions.set(key, counts);
    return counts;
  };
  const called = (counts: VersionCounts, rpc: ScoringRpc, durationMs: number): void => {
    const record = counts.durations.get(rpc) ?? durationSeries(...durationOf(counts, rpc));
    counts.durations.set(rpc, record);
    record(durationMs);
  };

  const stopReporting = report(() => [...versions.values()], pool);
  return {
    suppliers(rpc, { name, version }, scores, durationMs) {
      const counts = countsOf(name, version);
      for (const { band, missing } of scores) {
        const code = BAND_NUMBERS[band];
        counts.bands[code] = (counts.bands[code] ?? 0) + 1;
        counts.missing += missing.length;
      }
      called(counts, rpc, durationMs);
    },
    batch(rpc, { name, version }, { bands, missingCounts }, durationMs) {
      const counts = countsOf(name, version);
      for (const code of bands) counts.bands[code] = (counts.bands[code] ?? 0) + 1;
      for (const missing of missingCounts) counts.missing += missing;
      called(counts, rpc, durationMs);
    },
    [Symbol.dispose]: stopReporting,
  };
}

const durationOf = ({ labels }: VersionCounts, rpc: ScoringRpc): [name: string, description: string, Attributes] => [
  "bellwether.model.call.duration",
  "Duration of scoring, by model version and RPC; a block of a stream is a call.",
  { ...labels, rpc },
];

/** Reports the counts when the metrics are read. Returns the function that ends it. */
function report(versions: () => readonly VersionCounts[], pool: Pick<BatchPool, "load">): () => void {
  const meter = metrics.getMeter("bellwether.model");
  const scores = meter.createObservableCounter("bellwether.model.scores", {
    unit: "{supplier}",
    description: "Suppliers that were scored, by model version and band; the band none: the row is invalid.",
  });
  const missing = meter.createObservableCounter("bellwether.model.missing_features", {
    unit: "{feature}",
    description: "Missing features of the suppliers that were scored.",
  });
  const rows = meter.createObservableGauge("bellwether.batch.rows", {
    unit: "{row}",
    description: "Rows of batches that are not scored yet.",
  });
  const searches = meter.createObservableGauge("bellwether.batch.searches", {
    unit: "{search}",
    description: "Searches for counterfactuals that are not finished.",
  });
  const observe: BatchObservableCallback = (result) => {
    for (const { labels, bands, missing: sum } of versions()) {
      for (const [code, count] of bands.entries())
        if (count > 0) result.observe(scores, count, { ...labels, band: bandFromNumber(code) ?? "none" });
      result.observe(missing, sum, labels);
    }
    const load = pool.load();
    result.observe(rows, load.rows);
    result.observe(searches, load.searches);
  };
  const observed = [scores, missing, rows, searches];
  meter.addBatchObservableCallback(observe, observed);
  return () => meter.removeBatchObservableCallback(observe, observed);
}
