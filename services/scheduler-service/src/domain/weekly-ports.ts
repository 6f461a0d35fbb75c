import type { PredictBatchResponse } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { BatchRun, RunLease, RunStage } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { SnapshotChunk } from "@bellwether/ingest/snapshot-chunks";
import type { WeeklySnapshot } from "@bellwether/ingest/weekly-snapshot";
import type { Drift, FeatureProfile } from "./drift.ts";

/** An ISO week's entry in the ledger, as a start gives it. */
export interface StartedRun {
  readonly run: BatchRun;
  /** The right to write; null: the run is complete. */
  readonly lease: RunLease | null;
  readonly receivedChunks: readonly number[];
}

/** What a run says of itself on the way; what is left out stays as it was. */
export interface StageNews {
  readonly stage: RunStage;
  readonly rowsRead?: number;
  readonly rowsRejected?: number;
  readonly chunksTotal?: number;
  /** SHA-256 of the snapshot, lower-case hex. */
  readonly inputDigest?: string;
}

/** Counts that a run is published with. */
export interface RunTotals {
  readonly rowsRead: number;
  readonly rowsRejected: number;
  readonly chunksTotal: number;
  readonly drift: readonly Drift[];
}

/**
 * The ledger of weekly runs. Every write carries the lease.
 * All throw RunFencedError, PeerUnavailableError, PeerRefusedError.
 */
export interface Ledger {
  start(week: string, holder: string): Promise<StartedRun>;
  isComplete(week: string): Promise<boolean>;
  report(lease: RunLease, news: StageNews): Promise<void>;
  /** Takes one chunk of scores; a chunk received before changes nothing. */
  submit(
    lease: RunLease,
    chunk: SnapshotChunk,
    scores: PredictBatchResponse,
    signal: AbortSignal,
  ): Promise<{ readonly rowsScored: number; readonly rowsFaulty: number; readonly duplicate: boolean }>;
  complete(lease: RunLease, totals: RunTotals): Promise<BatchRun>;
  fail(lease: RunLease, reason: string): Promise<void>;
}

/** The model behind the mesh. Both throw PeerUnavailableError, PeerRefusedError. */
export interface Scorer {
  /** Version of the champion now, for example "v3". */
  championVersion(): Promise<string>;
  /** Scores with contributions, in the chunk's order. */
  score(chunk: SnapshotChunk, version: string, signal: AbortSignal): Promise<PredictBatchResponse>;
}

/** What is kept of a week's ingest beside the snapshot. */
export type IngestRecord = Pick<WeeklySnapshot, "digest" | "rows" | "rejected" | "sources"> & {
  /** The file that was read. */
  readonly input: string;
};

/** A week's files: snapshot, scores per chunk, profile, report. Each appears whole or not at all. */
export interface WeekFiles {
  readonly snapshotPath: string;
  /** What was ingested before; null when nothing was, or the snapshot is not what it was. */
  readIngest(): Promise<IngestRecord | null>;
  writeIngest(record: IngestRecord): Promise<void>;
  /** Numbers of the chunks whose scores are here, for the report. */
  scoredChunks(): Promise<ReadonlySet<number>>;
  writeScores(chunk: number, csvRows: string): Promise<void>;
  /** The profile of the latest earlier week that has a report; null: there is none. */
  readReference(): Promise<{ readonly week: string; readonly features: readonly FeatureProfile[] } | null>;
  writeProfile(features: readonly FeatureProfile[]): Promise<void>;
  hasReport(): Promise<boolean>;
  /** Joins the scores of chunks 0 to `chunks` - 1 below one header, if all are here, and puts the summary beside them. */
  writeReport(summary: object, csvHeader: string, chunks: number): Promise<void>;
}
