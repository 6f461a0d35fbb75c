import type { TrainingProfile } from "@bellwether/drift/profile/training-profile";
import type { PredictBatchResponse } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { BatchRun, Override, RunLease, RunStage } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { ModelFeature as DescribedFeature } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import type { SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import type { ScoreMinimum } from "@bellwether/ingest/snapshot/unscored-rows";
import type { Check } from "@bellwether/plausibility/check";
import type { InputContent } from "@bellwether/plausibility/check-content";
import type { ColumnProfile } from "@bellwether/plausibility/column-profile";
import type { PreviousInput } from "@bellwether/plausibility/previous-input";
import type { IngestRecord } from "./ingest-record.ts";
import type { InputObject } from "./input-object.ts";
import type { ModelFeature } from "./model-contract.ts";
import type { RunSummary } from "./run-summary.ts";
import type { DriftRecord, EarlierWeek, WeekDrift } from "./week-drift.ts";

/** A person's decision to override a limit. When `actor` is empty, ops-service records the caller. */
export type Decision = Pick<Override, "reason" | "actor">;

/** Decisions of a person about a run. */
export interface RunDecisions {
  /** Publishes the run although its losses exceed the risk policy. Absent: such a run is held. */
  readonly acceptLosses?: Decision | null;
  /** Runs a week that has not begun. Absent: such a week is rejected. */
  readonly forceFuture?: Decision | null;
}

/** Start of a run: ISO week, worker, source and configuration. */
export interface RunStart {
  readonly week: string;
  readonly holder: string;
  /** SHA-256 of the content of the input, lower-case hex; empty when not known. */
  readonly sourceDigest: string;
  /** SHA-256 of the configuration (model_config.yaml and feature_mapping.yaml), lower-case hex. */
  readonly configHash: string;
  /** The Sunday on which the week ends, ISO date. */
  readonly asOf: string;
  /** Number of suppliers in one chunk, unless the run has stored chunks of another size. */
  readonly chunkRows: number;
  /** Starts a week that has not begun. Null: such a week is rejected. */
  readonly forceFuture: Decision | null;
  /** Approves a run of the week that is held with the same input. Null: it stays held. */
  readonly acceptLosses: Decision | null;
}

/** What the input of a week is compared with. */
export interface InputComparison {
  /** The newest complete earlier week of the model, with which the input is compared. Null: there is none. */
  readonly previous: (PreviousInput & { readonly suppliers: number }) | null;
  /** Digests of the inputs of complete weeks of the model, newest first. */
  readonly otherInputs: readonly InputContent[];
}

/** Answer of the ledger to a start: the record of the week and the right to write to it. */
export interface StartedRun extends InputComparison {
  readonly run: BatchRun;
  /** The right to write. Null when the run is complete. */
  readonly lease: RunLease | null;
  readonly receivedChunks: readonly number[];
  /**
   * True when the unfinished run had another source or configuration, or chunks of an unknown size. Nothing of that
   * run is kept.
   */
  readonly begunAnew: boolean;
  /** The checks of an earlier attempt. Empty: there were none. */
  readonly checks: readonly Check[];
  /** Whether a person has approved those of `checks` that failed. */
  readonly isApproved: boolean;
}

/** What a run reports about its input: the result of each check, and the profile of its columns. */
export interface CheckedRun {
  readonly checks: readonly Check[];
  readonly profile: readonly ColumnProfile[];
}

/** Progress that a run reports. Absent fields keep their value. */
export interface StageUpdate {
  readonly stage: RunStage;
  readonly rowsRead?: number;
  readonly rowsRejected?: number;
  readonly chunksTotal?: number;
  /** SHA-256 of the snapshot, lower-case hex. */
  readonly inputDigest?: string;
  /** The objects of an object store that were read, with their URLs. */
  readonly inputObjects?: readonly (Pick<InputObject, "etag" | "bytes"> & { readonly url: string })[];
}

/** Counts of the run, sent when it is published. */
export interface RunTotals extends CheckedRun {
  /** Digest of the mapped rows, independent of their order. Empty: not known. */
  readonly contentDigest: string;
  /** Files and rejected rows, for the weekly report. */
  readonly ingested: Pick<IngestRecord, "rejected" | "sources">;
  readonly rowsRead: number;
  readonly rowsRejected: number;
  readonly chunksTotal: number;
  readonly drift: Pick<WeekDrift, "comparisons" | "previousWeek">;
  /** How many of `rowsRejected` repeat an earlier row exactly. */
  readonly rowsRepeated: number;
  /**
   * Rows of the source files, accepted and rejected, when the mapping joins several tables. Null when each
   * row read is one supplier.
   */
  readonly sourceRows: number | null;
  /** How many of `rowsRejected` are rows of the source files. */
  readonly sourceRowsRejected: number;
  /** Publishes the run although its losses exceed the risk policy. Null: such a run is held. */
  readonly acceptLosses: Decision | null;
}

/** Whether a week is complete. */
export interface WeekCompletion {
  /** False also when a new revision was requested, because the next run makes it. */
  readonly isComplete: boolean;
  /** Number of the requested revision. 0: none was requested. */
  readonly newRevision: number;
}

/**
 * The ledger of weekly runs. Every write carries the lease. All functions throw RunFencedError,
 * PeerUnavailableError, PeerRejectedError.
 */
export interface Ledger {
  start(start: RunStart): Promise<StartedRun>;
  /** Returns whether a trigger of the week begins a run. */
  completion(week: string): Promise<WeekCompletion>;
  /**
   * Returns the SHA-256 of the snapshot of a week that is complete, lower-case hex; empty when the run did not record it.
   * Null: the week is not complete.
   */
  completeInput(week: string): Promise<string | null>;
  /** Returns the run of a week that is complete; null when there is none, or a new revision of it was requested. */
  findComplete(week: string): Promise<Pick<BatchRun, "isoWeek" | "sourceDigest" | "configHash"> | null>;
  /** Returns what the input of a week is compared with, without starting its run. */
  compare(week: string): Promise<InputComparison>;
  report(lease: RunLease, update: StageUpdate): Promise<void>;
  /**
   * Stores the scores of one chunk, with the values of `features` that were scored. A chunk that was stored
   * before changes nothing.
   */
  submit(
    lease: RunLease,
    chunk: SnapshotChunk,
    scores: PredictBatchResponse,
    features: readonly DescribedFeature[],
    signal: AbortSignal,
  ): Promise<{ readonly rowsScored: number; readonly rowsInvalid: number; readonly duplicate: boolean }>;
  /**
   * @throws RunHeldError when the losses exceed the risk policy or a check failed; the ledger then holds the run and publishes
   * nothing. LossLimitError: an earlier release of ops-service has failed the run instead.
   */
  complete(lease: RunLease, totals: RunTotals): Promise<BatchRun>;
  fail(lease: RunLease, reason: string): Promise<void>;
  /** Holds the run because of its failed checks. The lease ends, and nothing is published. */
  hold(lease: RunLease, checked: CheckedRun): Promise<BatchRun>;
}

/** A model version, as the registry describes it. */
export interface ServedModel {
  /** Name of the version, for example "v3". */
  readonly version: string;
  /** Features that the version expects. Empty when ml-service does not report them. */
  readonly features: readonly ModelFeature[];
  /** The same features with typical values and directions, for the readers of the scores. */
  readonly described: readonly DescribedFeature[];
  /** Distributions of the training data. Null: the version has none. */
  readonly trainingProfile: TrainingProfile | null;
  /** How many features a supplier needs for a score. Null: ml-service does not report it. */
  readonly minimum: ScoreMinimum | null;
}

/** Scores with one model. Both functions throw PeerUnavailableError, PeerRejectedError. */
export interface Scorer {
  /** Finds a version of the model; empty = the current champion. */
  findModel(version: string): Promise<ServedModel>;
  /** Returns scores with contributions, in the order of the chunk. */
  score(chunk: SnapshotChunk, version: string, signal: AbortSignal): Promise<PredictBatchResponse>;
}

/** A chunk of a snapshot: its number, and the number of suppliers in each chunk but the last one. */
export interface ChunkName {
  readonly index: number;
  readonly chunkRows: number;
}

/**
 * Files of a week: snapshot, scores per chunk, profile, report. Each file is written completely or not at
 * all.
 */
export interface WeekFiles {
  readonly snapshotPath: string;
  /** Returns the record of the ingest. Null when there is none, or the snapshot has changed since. */
  readIngest(): Promise<IngestRecord | null>;
  writeIngest(record: IngestRecord): Promise<void>;
  /** Returns the numbers of the chunks of `chunkRows` suppliers whose scores are stored here, for the report. */
  scoredChunks(chunkRows: number): Promise<ReadonlySet<number>>;
  writeScores(chunk: ChunkName, csvRows: string): Promise<void>;
  /** Returns the score of each supplier of a chunk; NaN: no score. @throws Error when the chunk is not stored */
  readScores(chunk: ChunkName): Promise<Float64Array>;
  /** Returns the earlier weeks that have a report, newest first. */
  earlierWeeks(): Promise<readonly EarlierWeek[]>;
  /** Removes the record of the ingest and the scores of an earlier attempt, or of an earlier revision of the week. */
  drop(): Promise<void>;
  /** Returns the drift of the week. Null: not measured yet, or an earlier release made the week's files. */
  readDrift(): Promise<DriftRecord | null>;
  writeDrift(record: DriftRecord): Promise<void>;
  /** Returns the id of the run whose report is stored. Null: there is no report, or its run is not known. */
  reportedRun(): Promise<number | null>;
  /**
   * Writes the summary, and a file with the scores of chunks 0 to `chunks.count` - 1 below one header. If the scores of a
   * chunk are not stored, only the summary is written, and the scores file of an earlier revision is deleted.
   */
  writeReport(
    summary: RunSummary,
    csvHeader: string,
    chunks: { readonly count: number; readonly chunkRows: number },
  ): Promise<void>;
}
