import type { DriftPolicy, RiskPolicy } from "@bellwether/config/risk-policy";
import { isoWeekEnd, parseIsoWeek } from "@bellwether/contract/iso-week";
import { MAX_CHUNKS } from "@bellwether/contract/limits";
import { HOLDER_WRITE_MS } from "@bellwether/contract/run-holder";
import type { BatchRun, RunLease } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { IngestProgress } from "@bellwether/ingest/ingest-progress";
import type { RunDate } from "@bellwether/ingest/mapping/run-parameters";
import type { SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import type { SnapshotSample } from "@bellwether/ingest/snapshot/snapshot-sample";
import type { ScoreMinimum, UnscoredRows } from "@bellwether/ingest/snapshot/unscored-rows";
import type { WeeklySnapshot } from "@bellwether/ingest/snapshot/weekly-snapshot";
import { describeFailed } from "@bellwether/plausibility/check";
import { checkWeek, holdsRun, lossCountsOf } from "./check-week.ts";
import { measureDrift, readPreviousWeek } from "./drift.ts";
import { allOf, forEachInFlight } from "./in-flight.ts";
import type { IngestRecord } from "./ingest-record.ts";
import { hasSameObjects, type InputObject, objectUrl } from "./input-object.ts";
import { changedIdsWarning, columnWarnings, notSharedWarning } from "./input-warnings.ts";
import { checkContract, type ModelFeature } from "./model-contract.ts";
import { type RejectedReasonSample, rejectedReasons } from "./rejected-reasons.ts";
import {
  InputChangedError,
  InputNotFoundError,
  InputRejectedError,
  InputUnavailableError,
  LossLimitError,
  NothingToScoreError,
  RunFencedError,
  RunHeldError,
  RunStoppedError,
  TooManyChunksError,
  WeekCompleteError,
} from "./scheduler-error.ts";
import { riskScores, scoreRows } from "./score-rows.ts";
import { type CompareIds, findShared } from "./shared-suppliers.ts";
import { RUN_STATE, STAGE, type StageName } from "./stages.ts";
import { unknownCategoryNotes, unscoredNote } from "./unscored-note.ts";
import { chunkRowsOf, notesOf, readStoredWeek, writeReport } from "./week-summary.ts";
import type { Decision, InputComparison, Ledger, Scorer, ServedModel, StartedRun, WeekFiles } from "./weekly-ports.ts";

/** Parameters of a weekly run. */
export interface WeeklyTask {
  /** ISO week such as "2026-W47". */
  readonly week: string;
  /** A file, or the folder of the files that the mapping names. */
  readonly input: string;
  /** Name of this worker, unique per attempt. */
  readonly holder: string;
  /** Publishes the run although its losses exceed the risk policy. Null: such a run is held. */
  readonly acceptLosses: Decision | null;
  /** Runs a week that has not begun. Null: such a week is rejected. */
  readonly forceFuture: Decision | null;
  /** Why the scheduler started the run by itself, as a note of the run. Empty: no note. */
  readonly remark: string;
  /** True: the run goes on with the snapshot that it has, and does not read the input again. */
  readonly keepsSnapshot: boolean;
  readonly signal: AbortSignal;
}

/** Stage and counts of a run in progress. */
export interface Progress {
  /** Id of the run in the ledger, from 1. */
  readonly runId: number;
  readonly stage: StageName;
  readonly rowsRead: number;
  readonly rowsScored: number;
  readonly rowsRejected: number;
  /** Bytes of the input that were read, and its size. Only while it is read. */
  readonly bytesRead?: number;
  readonly bytesTotal?: number;
}

/** Dependencies of a weekly run. */
export interface WeeklyDeps {
  readonly ledger: Ledger;
  readonly scorer: Scorer;
  /**
   * SHA-256 of the configuration (model_config.yaml and feature_mapping.yaml) with which the input is mapped.
   */
  readonly configHash: string;
  /** Number of suppliers in one chunk, 1 to 8,192, unless the run has stored chunks of another size. */
  readonly chunkRows: number;
  /** Features that the mapping provides. */
  readonly features: readonly ModelFeature[];
  /** Limits of the losses, and the checks of the input. */
  readonly policy: Pick<RiskPolicy, "checks" | "losses" | "drift">;
  /** Whether the mapping joins several source tables to suppliers. */
  readonly hasSourceTables: boolean;
  /** SQL of the supplier id in the mapping of weekly files, for texts. */
  readonly supplierId: string;
  openWeek(week: string): WeekFiles;
  /**
   * Verifies that the input exists. Returns its objects when it is in an object store; none of a file.
   * @throws InputNotFoundError, InputUnavailableError, InputRejectedError
   */
  checkInput(input: string, signal: AbortSignal): Promise<readonly InputObject[]>;
  /** Returns the SHA-256 of the content of the input. File names do not count. */
  readSource(input: string, signal: AbortSignal): Promise<string>;
  /** Maps the input for the week of the run and writes the accepted rows to `outParquet`. */
  ingest(
    input: string,
    outParquet: string,
    run: RunDate,
    options: {
      readonly signal: AbortSignal;
      readonly onProgress: (progress: IngestProgress) => void;
      /** The week before, with which the columns of the file are compared. Null: there is none. */
      readonly previous: InputComparison["previous"];
    },
  ): Promise<WeeklySnapshot & Pick<IngestRecord, "sourceDigest" | "objects">>;
  readChunks(parquet: string, from: number, rows: number, signal: AbortSignal): AsyncIterable<SnapshotChunk>;
  /** Reads the features of about this number of suppliers, the same ones in every week. */
  readSample(parquet: string, suppliers: number, signal: AbortSignal): Promise<SnapshotSample>;
  /** Compares the supplier ids of two snapshots. */
  readonly compareIds: CompareIds;
  /** Counts the rows of a snapshot with too few known features for a score. */
  countUnscored(parquet: string, minimum: ScoreMinimum, signal: AbortSignal): Promise<UnscoredRows>;
  /** When a change of a distribution is an alarm. */
  readonly driftPolicy: DriftPolicy;
  /** Whether the policy is from a file. False: it is the default policy. */
  readonly hasPolicyFile: boolean;
  onProgress(progress: Progress): void;
}

/** A complete run. */
export interface WeeklyResult {
  readonly run: BatchRun;
  /** True when the week was complete before, so that nothing was done. */
  readonly wasComplete: boolean;
  /** Why rows were rejected, most rows first. Empty also when the week was complete before, and its files are elsewhere. */
  readonly rejected: readonly RejectedReasonSample[];
  /** Remarks on the run in addition to its counts, one sentence each. */
  readonly notes: readonly string[];
}

/** Number of chunks in progress at a time: one is scored while another is stored. */
const IN_FLIGHT = 2;

/**
 * Runs an ISO week: ingest → validate → score → drift → complete → report. A complete week is not run again.
 * An interrupted run continues at its first unfinished chunk with the rows and the model version it began
 * with, if source and configuration are the same; once it has stored chunks, it keeps their size.
 * @throws IsoWeekError, InputNotFoundError, InputChangedError, WeekCompleteError, RunHeldError, LossLimitError, ModelContractError,
 * NothingToScoreError, TooManyChunksError, RunFencedError, PeerUnavailableError, PeerRejectedError, and the errors of ingest
 */
export async function runWeekly(deps: WeeklyDeps, task: WeeklyTask): Promise<WeeklyResult> {
  const week = parseIsoWeek(task.week);
  const files = deps.openWeek(week);
  const source = await findSource(deps, task, files);
  const { configHash, chunkRows } = deps;
  const { holder, forceFuture, acceptLosses } = task;
  const inputs = { sourceDigest: source.digest, configHash };
  const asOf = isoWeekEnd(week);
  const started = await deps.ledger.start({ week, holder, ...inputs, asOf, chunkRows, forceFuture, acceptLosses });
  const { run, lease } = started;
  if (lease === null && run.state === RUN_STATE.held) throw new RunHeldError(run);
  if (lease === null) {
    // A file that does not exist cannot be compared with the file of the run.
    if (source.missing) throw source.missing;
    checkSameInputs(run, inputs);
    const stored = await readStoredWeek(files, run);
    const rejected = stored.ingested ? rejectedReasons(stored.ingested.rejected) : [];
    const notes = notesOf(deps.chunkRows, run, stored, {
      ...{ wasComplete: true, begunAnew: false, rejected },
      newestAsOf: stored.ingested?.newestAsOf ?? null,
      cleanedIds: stored.ingested?.cleanedIds ?? null,
      changedAttributes: stored.ingested?.changedAttributes ?? null,
      unscored: stored.ingested && (await unscoredAgain(deps, run, files, task.signal)),
      warnings: stored.drift?.inputWarnings ?? [],
      acceptsLosses: task.acceptLosses !== null,
      remark: "",
      correctedInput: null,
    });
    // The report is missing, or that of an earlier revision, when the process was killed before it wrote this one.
    if ((await files.reportedRun()) !== run.runId) await writeReport(files, run, stored, notes);
    return { run, wasComplete: true, rejected, notes };
  }
  try {
    if (started.begunAnew) await files.drop();
    const finished = await finishRun(deps, task, files, { ...started, lease, source: source.digest });
    return { ...finished, wasComplete: false };
  } catch (error) {
    if (error instanceof RunFencedError) throw new RunFencedError(inputs);
    const reason = error instanceof Error ? error.message : String(error);
    // A run that was stopped with its scheduler continues after the restart: it is not marked as failed. A single run
    // that was stopped is. For exceeded losses, the ledger knows the figures; `fail` adds the reasons. An error of
    // `fail` is ignored, so that the first error is thrown.
    const stop: unknown = task.signal.aborted ? task.signal.reason : null;
    const willContinue = error instanceof RunHeldError || (stop !== null && !(stop instanceof RunStoppedError));
    const reported = stop instanceof RunStoppedError ? stop.message : reason;
    if (!willContinue) await deps.ledger.fail(lease, reported).catch(() => undefined);
    // The reason of the stop says more than the error of the work that it interrupted.
    throw stop instanceof Error ? stop : error;
  }
}

/**
 * Returns the digest of the input. A week that was begun has a snapshot and does not need the file. @throws
 * InputNotFoundError
 */
async function findSource(
  { checkInput, readSource }: WeeklyDeps,
  { input, signal, keepsSnapshot }: WeeklyTask,
  files: WeekFiles,
): Promise<{ readonly digest: string; readonly missing?: Error }> {
  const snapshot = keepsSnapshot ? await files.readIngest() : null;
  if (snapshot !== null) return { digest: snapshot.sourceDigest };
  try {
    const objects = await checkInput(input, signal);
    const known = objects.length > 0 ? await files.readIngest() : null;
    // The entity tags show that the content is the same, so that it need not be read for its digest.
    if (known?.input === input && hasSameObjects(known.objects ?? [], objects)) return { digest: known.sourceDigest };
  } catch (error) {
    const kept = await files.readIngest();
    if (!isInputAway(error) || kept === null) throw error;
    return { digest: kept.sourceDigest, missing: error };
  }
  return { digest: await readSource(input, signal) };
}

/** Returns whether an error means that the input cannot be read, temporarily or permanently. */
const isInputAway = (error: unknown): error is Error =>
  error instanceof InputNotFoundError || error instanceof InputUnavailableError || error instanceof InputRejectedError;

/**
 * Verifies that a complete week is sent again with the same inputs. Inputs that were not recorded are not
 * compared. @throws WeekCompleteError
 */
export function checkSameInputs(
  run: Pick<BatchRun, "isoWeek" | "sourceDigest" | "configHash">,
  given: Pick<BatchRun, "sourceDigest" | "configHash">,
): void {
  const { isoWeek } = run;
  const recorded = {
    sourceDigest: run.sourceDigest || given.sourceDigest,
    configHash: run.configHash || given.configHash,
  };
  if (recorded.sourceDigest !== given.sourceDigest || recorded.configHash !== given.configHash)
    throw new WeekCompleteError(isoWeek, recorded, given);
}

/** Number of `bellwether.inference.v1.Band.BAND_UNKNOWN`. */
const BAND_UNKNOWN = 1;

/**
 * Returns the note of a complete run about suppliers without a score. Null: each has one, or the model or the snapshot
 * cannot be read now: nothing of the run depends on the note.
 */
async function unscoredAgain(
  { scorer, countUnscored }: WeeklyDeps,
  run: BatchRun,
  { snapshotPath }: WeekFiles,
  signal: AbortSignal,
): Promise<string | null> {
  if (!run.bands.some(({ band, rows }) => band === BAND_UNKNOWN && rows > 0n)) return null;
  try {
    const { minimum } = await scorer.findModel(run.model?.version ?? "");
    return minimum && unscoredNote(minimum, await countUnscored(snapshotPath, minimum, signal));
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

interface BegunRun extends StartedRun {
  readonly lease: RunLease;
  /** SHA-256 of the content of the input. */
  readonly source: string;
}

async function finishRun(
  deps: WeeklyDeps,
  task: WeeklyTask,
  files: WeekFiles,
  began: BegunRun,
): Promise<Pick<WeeklyResult, "run" | "rejected" | "notes">> {
  const { ledger } = deps;
  const { lease } = began;
  const progress = createProgress(deps, began.run);
  // Reading a large file takes longer than ops-service waits for a write of the holder.
  using _beat = every(HOLDER_WRITE_MS, () => {
    // A rejected write is seen at the next one of the run itself.
    ledger.report(lease, { stage: STAGE[progress.stage()] }).catch(() => undefined);
  });

  progress.enter("ingest");
  const [model] = await allOf([
    deps.scorer.findModel(began.run.model?.version ?? ""),
    ledger.report(lease, { stage: STAGE.ingest }),
  ]);
  checkContract(`${began.run.modelName} ${model.version}`, model.features, deps.features);
  const comparing = { ...deps, completeInput: ledger.completeInput };
  // This process has no other work while the reading process reads the input.
  const [ingested, previous] = await allOf([
    ingestOnce(deps, task, files, began, progress),
    readPreviousWeek(comparing, files, task.signal),
  ]);

  progress.enter("validate");
  const rowsRejected = ingested.rejected.count;
  const rowsRead = ingested.rows + rowsRejected;
  const chunkRows = chunkRowsOf(began.run);
  const chunksTotal = Math.ceil(ingested.rows / chunkRows);
  // The ledger already has the rejected rows of a resumed run.
  progress.add({ rowsRead, rowsRejected: began.run.rowsRead === undefined ? rowsRejected : 0 });
  const shared = await findShared(deps, files, files.snapshotPath, began.previous, task.signal);
  const checks = checkWeek(ingested, { ...began, shared }, deps.policy, deps.hasSourceTables);
  if (ingested.rows === 0) throw new NothingToScoreError(ingested, describeFailed(checks));
  if (chunksTotal > MAX_CHUNKS) throw new TooManyChunksError(ingested.rows, chunkRows, MAX_CHUNKS);
  await ledger.report(lease, {
    stage: STAGE.validate,
    rowsRead,
    rowsRejected,
    chunksTotal,
    inputDigest: ingested.digest,
    inputObjects: (ingested.objects ?? []).map((object) => ({ ...object, url: objectUrl(ingested.input, object) })),
  });

  const checked = { checks, profile: ingested.profile?.columns ?? [] };
  const { acceptLosses } = task;
  if (holdsRun(checks, began.isApproved ? began.checks : [], acceptLosses !== null)) {
    const held = await ledger.hold(lease, checked);
    throw new RunHeldError(held, rejectedReasons(ingested.rejected));
  }

  progress.enter("score");
  const [scores] = await allOf([
    scoreChunks(deps, task, files, { ...began, rows: ingested.rows }, model, progress),
    ledger.report(lease, { stage: STAGE.score }),
  ]);

  progress.enter("drift");
  const { trainingProfile: training, version, minimum } = model;
  const unscored = minimum && (await deps.countUnscored(files.snapshotPath, minimum, task.signal));
  const inputWarnings = [
    ...columnWarnings(checked.profile, began.previous),
    ...unknownCategoryNotes(unscored?.unknown ?? []),
    // Notes are logged, and shown to people who may not see each supplier.
    ...(shared === null ? [] : changedIdsWarning(shared, began.previous?.week ?? "", deps.supplierId, false)),
    ...notSharedWarning(
      shared,
      began.previous,
      deps.policy.checks.sharedSuppliers,
      (week) => deps.openWeek(week).snapshotPath,
    ),
  ];
  const compared = { scores, digest: ingested.digest, training, version, inputWarnings, signal: task.signal };
  const [drift] = await allOf([
    measureDrift(comparing, files, compared, previous),
    ledger.report(lease, { stage: STAGE.drift }),
  ]);

  progress.enter("complete");
  const { rowsRepeated, sourceRows, sourceRowsRejected } = lossCountsOf(ingested, deps.hasSourceTables);
  const lost = { rowsRejected, rowsRepeated, sourceRows, sourceRowsRejected, acceptLosses };
  const input = { ...checked, contentDigest: ingested.profile?.contentDigest ?? "", ingested };
  const run = await ledger
    .complete(lease, { rowsRead, ...lost, ...input, chunksTotal, drift })
    .catch((error: unknown) => {
      const reasons = rejectedReasons(ingested.rejected);
      if (error instanceof RunHeldError) throw new RunHeldError(error.run, reasons, { cause: error });
      if (!(error instanceof LossLimitError)) throw error;
      throw new LossLimitError(error.figures, error.losses, reasons, { cause: error });
    });

  progress.enter("report");
  const stored = { ingested, drift };
  const rejected = rejectedReasons(ingested.rejected);
  const notes = notesOf(deps.chunkRows, run, stored, {
    ...{ wasComplete: false, begunAnew: began.begunAnew },
    acceptsLosses: acceptLosses !== null,
    remark: task.remark,
    correctedInput: began.begunAnew ? task.input : null,
    rejected,
    newestAsOf: ingested.newestAsOf ?? null,
    cleanedIds: ingested.cleanedIds ?? null,
    changedAttributes: ingested.changedAttributes ?? null,
    unscored: minimum && unscored && unscoredNote(minimum, unscored),
    warnings: inputWarnings,
  });
  await writeReport(files, run, stored, notes);
  return { run, rejected, notes };
}

/** Returns the snapshot with which the week began, or makes a new one. */
async function ingestOnce(
  deps: WeeklyDeps,
  { input, signal }: WeeklyTask,
  files: WeekFiles,
  { run, source, previous }: BegunRun,
  progress: ProgressBoard,
): Promise<IngestRecord> {
  const kept = await files.readIngest();
  if (kept !== null && run.inputDigest === kept.digest) return kept;
  const date = { week: run.isoWeek, asOf: isoWeekEnd(run.isoWeek) };
  const options = { signal, onProgress: progress.reading, previous };
  const read = await deps.ingest(input, files.snapshotPath, date, options);
  const { digest, rows, rejected, cleanedIds, changedAttributes, olderRows, newestAsOf, sources, sourceDigest } = read;
  const { objects = [] } = read;
  if (source !== "" && sourceDigest !== source) throw new InputChangedError(input);
  // Scores of another snapshot, for example of an earlier revision of the week, must not count as those of this one.
  await files.drop();
  const record = {
    input,
    objects,
    digest,
    rows,
    rejected,
    cleanedIds,
    changedAttributes,
    ...{ olderRows, newestAsOf, sources, sourceDigest },
    laterRows: read.laterRows,
    asOf: read.asOf,
    profile: read.profile,
    missing: read.missing,
  };
  await files.writeIngest(record);
  return record;
}

/** Scores the chunks that are not stored yet. Returns the score of each row of the snapshot; NaN = none. */
async function scoreChunks(
  deps: WeeklyDeps,
  task: WeeklyTask,
  files: WeekFiles,
  { run, lease, receivedChunks, rows }: BegunRun & { readonly rows: number },
  { version, described }: ServedModel,
  progress: ProgressBoard,
): Promise<Float64Array> {
  const chunkRows = chunkRowsOf(run);
  const finished = new Set(receivedChunks).intersection(await files.scoredChunks(chunkRows));
  const scored = new Float64Array(rows).fill(Number.NaN);
  for (const index of finished) scored.set(await files.readScores({ index, chunkRows }), index * chunkRows);
  let first = 0;
  while (finished.has(first)) first++;
  const received = new Set(receivedChunks);
  await forEachInFlight(
    deps.readChunks(files.snapshotPath, first, chunkRows, task.signal),
    IN_FLIGHT,
    async (chunk, signal) => {
      if (finished.has(chunk.index)) return;
      const scores = await deps.scorer.score(chunk, version, signal);
      scored.set(riskScores(scores), chunk.index * chunkRows);
      // A chunk is finished when both have stored it, in any order.
      const [{ rowsScored, rowsInvalid }] = await allOf([
        deps.ledger.submit(lease, chunk, scores, described, signal),
        files.writeScores({ index: chunk.index, chunkRows }, scoreRows(chunk, scores)),
      ]);
      if (!received.has(chunk.index)) progress.add({ rowsScored, rowsRejected: rowsInvalid });
    },
    task.signal,
  );
  return scored;
}

/** Calls `work` at an interval until it is disposed. */
function every(ms: number, work: () => void): Disposable {
  const timer = setInterval(work, ms);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

interface ProgressBoard {
  stage(): StageName;
  enter(stage: StageName): void;
  add(change: Partial<Omit<Progress, "stage" | "runId">>): void;
  /** Reports how far the input is read. The counts of the stages after it begin anew. */
  reading(now: IngestProgress): void;
}

function createProgress({ onProgress }: Pick<WeeklyDeps, "onProgress">, run: BatchRun): ProgressBoard {
  let now: Progress = {
    runId: run.runId,
    stage: "ingest",
    rowsRead: 0,
    rowsScored: Number(run.rowsScored),
    rowsRejected: Number(run.rowsRejected),
  };
  return {
    stage: () => now.stage,
    reading: ({ bytesRead, bytesTotal, rowsRead }) => onProgress({ ...now, rowsRead, bytesRead, bytesTotal }),
    enter(stage) {
      now = { ...now, stage };
      onProgress(now);
    },
    add({ rowsRead = 0, rowsScored = 0, rowsRejected = 0 }) {
      now = {
        ...now,
        rowsRead: now.rowsRead + rowsRead,
        rowsScored: now.rowsScored + rowsScored,
        rowsRejected: now.rowsRejected + rowsRejected,
      };
      onProgress(now);
    },
  };
}
