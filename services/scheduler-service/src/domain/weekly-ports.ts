import type { PredictBatchResponse } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { BatchRun, Override, RunLease, RunStage } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { ModelFeature as DescribedFeature } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import type { SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import type { WeeklySnapshot } from "@bellwether/ingest/snapshot/weekly-snapshot";
import type { Drift, FeatureProfile } from "./drift.ts";
import type { ModelFeature } from "./model-contract.ts";

/** A decision of a person against a limit; `actor` may be empty: whoever ops-service sees as the caller. */
export type Decision = Pick<Override, "reason" | "actor">;

/** What people decided about a run. */
export interface RunDecisions {
  /** Publishes the run whatever it lost; left out: within the risk policy only. */
  readonly acceptLosses?: Decision | null;
  /** Runs a week that has not begun; left out: such a week is rejected. */
  readonly forceFuture?: Decision | null;
}

/** Who starts which ISO week, with what. */
export interface RunStart {
  readonly week: string;
  readonly holder: string;
  /** SHA-256 of the content of the input, lower-case hex; empty: not known. */
  readonly sourceDigest: string;
  /** SHA-256 of the configuration pair, lower-case hex. */
  readonly configHash: string;
  /** Starts a week that has not begun; null: such a week is rejected. */
  readonly forceFuture: Decision | null;
}

/** An ISO week's entry in the ledger, as a start gives it. */
export interface StartedRun {
  readonly run: BatchRun;
  /** The right to write; null: the run is complete. */
  readonly lease: RunLease | null;
  readonly receivedChunks: readonly number[];
  /** The unfinished run had begun with another source or configuration: nothing of it is kept. */
  readonly begunAnew: boolean;
}

/** What a run says of itself on the way; what is left out stays as it was. */
export interface StageUpdate {
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
  /** Of `rowsRejected`, rows that repeat an earlier row exactly. */
  readonly rowsRepeated: number;
  /** Rows of the source files, good and rejected, where the mapping makes suppliers of several tables; null: each row read is a supplier's. */
  readonly sourceRows: number | null;
  /** Of `rowsRejected`, those of the source files. */
  readonly sourceRowsRejected: number;
  /** Publishes the run whatever it lost; null: within the risk policy only. */
  readonly acceptLosses: Decision | null;
}

/**
 * The ledger of weekly runs. Every write carries the lease.
 * All throw RunFencedError, PeerUnavailableError, PeerRejectedError.
 */
export interface Ledger {
  start(start: RunStart): Promise<StartedRun>;
  isComplete(week: string): Promise<boolean>;
  report(lease: RunLease, update: StageUpdate): Promise<void>;
  /** Takes one chunk of scores, with the values of `features` that it was scored from; a chunk received before changes nothing. */
  submit(
    lease: RunLease,
    chunk: SnapshotChunk,
    scores: PredictBatchResponse,
    features: readonly DescribedFeature[],
    signal: AbortSignal,
  ): Promise<{ readonly rowsScored: number; readonly rowsInvalid: number; readonly duplicate: boolean }>;
  /** @throws LossLimitError when the run lost more than the risk policy allows; the run is failed then, and not published */
  complete(lease: RunLease, totals: RunTotals): Promise<BatchRun>;
  fail(lease: RunLease, reason: string): Promise<void>;
}

/** A version of the model, as the registry describes it. */
export interface ServedModel {
  /** For example "v3". */
  readonly version: string;
  /** Features that it takes; empty: ml-service does not say. */
  readonly features: readonly ModelFeature[];
  /** The same with typical values and directions, as ml-service describes them, for those who read the scores. */
  readonly described: readonly DescribedFeature[];
}

/** The model behind the mesh. Both throw PeerUnavailableError, PeerRejectedError. */
export interface Scorer {
  /** A version of the model; empty: the champion now. */
  findModel(version: string): Promise<ServedModel>;
  /** Scores with contributions, in the chunk's order. */
  score(chunk: SnapshotChunk, version: string, signal: AbortSignal): Promise<PredictBatchResponse>;
}

/** What is kept of a week's ingest beside the snapshot. */
export type IngestRecord = Pick<WeeklySnapshot, "digest" | "rows" | "rejected" | "sources"> &
  // Records of older releases lack these.
  Partial<Pick<WeeklySnapshot, "cleanedIds" | "changedAttributes" | "olderRows" | "newestAsOf">> & {
    /** The file that was read. */
    readonly input: string;
    /** SHA-256 of its content, lower-case hex; empty: not recorded. */
    readonly sourceDigest: string;
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
  /** Removes what an attempt at the week left, its snapshot and its scores. */
  drop(): Promise<void>;
  writeProfile(features: readonly FeatureProfile[]): Promise<void>;
  hasReport(): Promise<boolean>;
  /** Joins the scores of chunks 0 to `chunks` - 1 below one header, if all are here, and puts the summary beside them. */
  writeReport(summary: object, csvHeader: string, chunks: number): Promise<void>;
}
