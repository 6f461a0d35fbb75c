import { parseIsoWeek } from "@bellwether/config/iso-week";
import type { BatchRun, RunLease } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { FeatureChunk, SnapshotChunk } from "@bellwether/ingest/snapshot-chunks";
import type { WeeklySnapshot } from "@bellwether/ingest/weekly-snapshot";
import { type Drift, measureDrift, profileFeatures } from "./drift.ts";
import { forEachInFlight } from "./in-flight.ts";
import { runSummary } from "./run-summary.ts";
import { InputChangedError, NothingToScoreError, RunFencedError } from "./scheduler-error.ts";
import { SCORE_HEADER, scoreRows } from "./score-rows.ts";
import { STAGE, type StageName } from "./stages.ts";
import type { IngestRecord, Ledger, Scorer, WeekFiles } from "./weekly-ports.ts";

/** What a weekly run is asked to do. */
export interface WeeklyTask {
  /** ISO week such as "2026-W47". */
  readonly week: string;
  /** File, or folder of the files that the mapping names. */
  readonly input: string;
  /** Who works: unique per attempt. */
  readonly holder: string;
  readonly signal: AbortSignal;
}

/** How far a run is. */
export interface Progress {
  readonly stage: StageName;
  readonly rowsRead: number;
  readonly rowsScored: number;
  readonly rowsSetAside: number;
}

/** What a weekly run needs. */
export interface WeeklyDeps {
  readonly ledger: Ledger;
  readonly scorer: Scorer;
  openWeek(week: string): WeekFiles;
  /** @throws InputNotFoundError */
  checkInput(input: string): Promise<void>;
  /** Maps the input and writes the accepted rows to `outParquet`. */
  ingest(input: string, outParquet: string, signal: AbortSignal): Promise<WeeklySnapshot>;
  readChunks(parquet: string, from: number, rows: number, signal: AbortSignal): AsyncIterable<SnapshotChunk>;
  readFeatures(parquet: string, signal: AbortSignal): AsyncIterable<FeatureChunk>;
  onProgress(progress: Progress): void;
}

/** A complete run. */
export interface WeeklyResult {
  readonly run: BatchRun;
  /** True: it was complete before, nothing was done. */
  readonly wasComplete: boolean;
}

/** Rows of one call: the fastest by measurement, and under the message limit of 16 MiB. */
export const CHUNK_ROWS = 4096;
/** Calls at a time: one is scored while the other is stored. */
const IN_FLIGHT = 2;

/**
 * Runs an ISO week: ingest → validate → score → drift → complete → report. A week that is complete is not run again; one that
 * was cut short goes on at its first unfinished chunk, with the rows and the model version it began with.
 * @throws IsoWeekError, InputNotFoundError, InputChangedError, NothingToScoreError, RunFencedError, PeerUnavailableError,
 * PeerRefusedError, and the errors of ingest
 */
export async function runWeekly(deps: WeeklyDeps, task: WeeklyTask): Promise<WeeklyResult> {
  const week = parseIsoWeek(task.week);
  const files = deps.openWeek(week);
  // A week that was begun has its snapshot and needs the file no more.
  if ((await files.readIngest()) === null) await deps.checkInput(task.input);
  const { run, lease, receivedChunks } = await deps.ledger.start(week, task.holder);
  if (lease === null) {
    if (!(await files.hasReport())) await writeReport(files, run);
    return { run, wasComplete: true };
  }
  try {
    const began = { run, lease, receivedChunks };
    return { run: await finishRun(deps, task, files, began), wasComplete: false };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // A fenced run is another's; a stopped one goes on after the restart. The first error is the one to tell.
    if (!(error instanceof RunFencedError) && !task.signal.aborted)
      await deps.ledger.fail(lease, reason).catch(() => undefined);
    throw error;
  }
}

interface BegunRun {
  readonly run: BatchRun;
  readonly lease: RunLease;
  readonly receivedChunks: readonly number[];
}

async function finishRun(deps: WeeklyDeps, task: WeeklyTask, files: WeekFiles, began: BegunRun): Promise<BatchRun> {
  const { ledger } = deps;
  const { lease } = began;
  const progress = createProgress(deps, began.run);

  progress.enter("ingest");
  await ledger.report(lease, { stage: STAGE.ingest });
  const ingested = await ingestOnce(deps, task, files, began.run);

  progress.enter("validate");
  const rowsRejected = ingested.rejected.count;
  const rowsRead = ingested.rows + rowsRejected;
  const chunksTotal = Math.ceil(ingested.rows / CHUNK_ROWS);
  // The ledger's entry of a resumed run has its rejected rows already.
  progress.add({ rowsRead, rowsSetAside: began.run.rowsRead === undefined ? rowsRejected : 0 });
  if (ingested.rows === 0) throw new NothingToScoreError(rowsRejected, ingested.rejected.samples[0]?.reason ?? "");
  await ledger.report(lease, {
    stage: STAGE.validate,
    rowsRead,
    rowsRejected,
    chunksTotal,
    inputDigest: ingested.digest,
  });

  progress.enter("score");
  await ledger.report(lease, { stage: STAGE.score });
  await scoreChunks(deps, task, files, began, progress);

  progress.enter("drift");
  await ledger.report(lease, { stage: STAGE.drift });
  const drift = await weekDrift(deps, task, files, ingested.rows);

  progress.enter("complete");
  const run = await ledger.complete(lease, { rowsRead, rowsRejected, chunksTotal, drift });

  progress.enter("report");
  await writeReport(files, run);
  return run;
}

/** The snapshot that the week began with, else a new one. */
async function ingestOnce(deps: WeeklyDeps, task: WeeklyTask, files: WeekFiles, run: BatchRun): Promise<IngestRecord> {
  const kept = await files.readIngest();
  if (kept !== null && run.inputDigest === kept.digest) {
    if (kept.input !== task.input) throw new InputChangedError(run.isoWeek, kept.input, task.input);
    return kept;
  }
  const { digest, rows, rejected, sources } = await deps.ingest(task.input, files.snapshotPath, task.signal);
  const record = { input: task.input, digest, rows, rejected, sources };
  await files.writeIngest(record);
  return record;
}

async function scoreChunks(
  deps: WeeklyDeps,
  task: WeeklyTask,
  files: WeekFiles,
  { run, lease, receivedChunks }: BegunRun,
  progress: ProgressBoard,
): Promise<void> {
  const finished = new Set(receivedChunks).intersection(await files.scoredChunks());
  let first = 0;
  while (finished.has(first)) first++;
  const version = run.model?.version || (await deps.scorer.championVersion());
  const received = new Set(receivedChunks);
  await forEachInFlight(
    deps.readChunks(files.snapshotPath, first, CHUNK_ROWS, task.signal),
    IN_FLIGHT,
    async (chunk, signal) => {
      if (finished.has(chunk.index)) return;
      const scores = await deps.scorer.score(chunk, version, signal);
      await files.writeScores(chunk.index, scoreRows(chunk, scores));
      const { rowsScored, rowsFaulty } = await deps.ledger.submit(lease, chunk, scores, signal);
      if (!received.has(chunk.index)) progress.add({ rowsScored, rowsSetAside: rowsFaulty });
    },
    task.signal,
  );
}

/** Drift against the week before; the first week has nothing to be held against. */
async function weekDrift(deps: WeeklyDeps, task: WeeklyTask, files: WeekFiles, rows: number): Promise<Drift[]> {
  const chunks = () => deps.readFeatures(files.snapshotPath, task.signal);
  await files.writeProfile(await profileFeatures(chunks, rows));
  const reference = await files.readReference();
  return reference === null ? [] : measureDrift(reference.features, chunks);
}

async function writeReport(files: WeekFiles, run: BatchRun): Promise<void> {
  const [ingested, reference] = [await files.readIngest(), await files.readReference()];
  await files.writeReport(runSummary(run, ingested, reference?.week ?? null), SCORE_HEADER, run.chunksReceived);
}

interface ProgressBoard {
  enter(stage: StageName): void;
  add(change: Partial<Omit<Progress, "stage">>): void;
}

function createProgress({ onProgress }: Pick<WeeklyDeps, "onProgress">, run: BatchRun): ProgressBoard {
  let now: Progress = {
    stage: "ingest",
    rowsRead: 0,
    rowsScored: Number(run.rowsScored),
    rowsSetAside: Number(run.rowsSetAside),
  };
  return {
    enter(stage) {
      now = { ...now, stage };
      onProgress(now);
    },
    add({ rowsRead = 0, rowsScored = 0, rowsSetAside = 0 }) {
      now = {
        ...now,
        rowsRead: now.rowsRead + rowsRead,
        rowsScored: now.rowsScored + rowsScored,
        rowsSetAside: now.rowsSetAside + rowsSetAside,
      };
      onProgress(now);
    },
  };
}
