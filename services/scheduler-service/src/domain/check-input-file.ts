import { isoWeekEnd, parseIsoWeek } from "@bellwether/contract/iso-week";
import { MAX_CHUNKS } from "@bellwether/contract/limits";
import { type Check, failedChecks } from "@bellwether/plausibility/check";
import { checkWeek } from "./check-week.ts";
import { checkContract } from "./model-contract.ts";
import { type RejectedReasonSample, rejectedReasons } from "./rejected-reasons.ts";
import { dateNote, inputNotes } from "./run-notes.ts";
import {
  ModelContractError,
  NothingToScoreError,
  PeerUnavailableError,
  TooManyChunksError,
} from "./scheduler-error.ts";
import type { WeeklyDeps } from "./weekly-run.ts";

/** What a run of an input would say, before anything is scored. */
export interface InputReport {
  readonly week: string;
  /** The Sunday on which the week ends, ISO date. */
  readonly asOf: string;
  readonly suppliers: number;
  readonly rowsRejected: number;
  readonly rejected: readonly RejectedReasonSample[];
  /** Week with which the input was compared. Null: there is no earlier complete week. */
  readonly comparedWith: string | null;
  readonly checks: readonly Check[];
  /** Why a run would fail; empty when it would not. */
  readonly failures: readonly string[];
  /** Remarks, one sentence each. */
  readonly notes: readonly string[];
  /** "published": nothing is in the way. "held": a person would have to approve the run. */
  readonly outcome: "published" | "held" | "failed";
}

/** A file to be checked for a week, and the file to which its snapshot is written. */
export interface InputCheckTask {
  readonly week: string;
  readonly input: string;
  readonly snapshotPath: string;
  readonly signal: AbortSignal;
}

/**
 * Reads and maps the input of a week and does the checks of a run, without starting the run.
 * @throws IsoWeekError, InputNotFoundError, PeerUnavailableError, PeerRejectedError, and the errors of ingest
 */
export async function checkInputFile(
  deps: Omit<WeeklyDeps, "onProgress">,
  { week: asked, input, snapshotPath, signal }: InputCheckTask,
): Promise<InputReport> {
  const week = parseIsoWeek(asked);
  const date = { week, asOf: isoWeekEnd(week) };
  await deps.checkInput(input, signal);
  const comparison = await deps.ledger.compare(week);
  const read = await deps.ingest(input, snapshotPath, date, {
    ...{ signal, onProgress: () => {}, previous: comparison.previous },
  });
  const checks = checkWeek(
    { ...read, input },
    { ...comparison, run: { isoWeek: week } },
    deps.policy,
    deps.hasSourceTables,
  );
  const { failures, notes } = await modelProblems(deps);
  if (read.rows === 0) failures.push(new NothingToScoreError(read).message);
  if (Math.ceil(read.rows / deps.chunkRows) > MAX_CHUNKS)
    failures.push(new TooManyChunksError(read.rows, deps.chunkRows, MAX_CHUNKS).message);
  if (read.newestAsOf !== null) notes.push(dateNote(week, read.newestAsOf));
  notes.push(...inputNotes({ ...read, readingNotes: read.sources.flatMap((source) => source.notes) }));
  return {
    ...date,
    suppliers: read.rows,
    rowsRejected: read.rejected.count,
    rejected: rejectedReasons(read.rejected),
    comparedWith: comparison.previous?.week ?? null,
    ...{ checks, failures, notes },
    outcome: failures.length > 0 ? "failed" : failedChecks(checks).length > 0 ? "held" : "published",
  };
}

/** Compares the mapping with the model that would score. An ml-service that does not answer is a note. */
async function modelProblems({ scorer, features }: Pick<WeeklyDeps, "scorer" | "features">) {
  const [failures, notes]: [string[], string[]] = [[], []];
  try {
    const model = await scorer.findModel("");
    checkContract(model.version, model.features, features);
  } catch (error) {
    if (error instanceof ModelContractError) failures.push(error.message);
    else if (error instanceof PeerUnavailableError) notes.push(`not compared with the model: ${error.message}`);
    else throw error;
  }
  return { failures, notes };
}
