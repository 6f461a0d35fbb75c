import type { RuleSet } from "@bellwether/config/alert-rules";
import { checkWeekBegun, FutureWeekError, IsoWeekError, isoWeekEnd, parseIsoWeek } from "@bellwether/contract/iso-week";
import { MAX_CHUNKS } from "@bellwether/contract/limits";
import type { SimilarIds } from "@bellwether/ingest/snapshot/similar-ids";
import type { WeeklySnapshot } from "@bellwether/ingest/snapshot/weekly-snapshot";
import { type Check, failedChecks, withoutEarlierWeeks } from "@bellwether/plausibility/check";
import { checkWeek } from "./check-week.ts";
import type { IngestRecord } from "./ingest-record.ts";
import { changedIdsWarning, columnWarnings, notSharedWarning, similarIdsWarning } from "./input-warnings.ts";
import { checkContract } from "./model-contract.ts";
import { type RejectedReasonSample, rejectedReasons } from "./rejected-reasons.ts";
import { dateNote, inputNotes, repeatedNotes } from "./run-notes.ts";
import {
  InputChangedError,
  InputNotFoundError,
  ModelContractError,
  NothingToScoreError,
  PeerUnavailableError,
  TooManyChunksError,
  WeekCompleteError,
} from "./scheduler-error.ts";
import type { SeenInput } from "./seen-input.ts";
import { findShared } from "./shared-suppliers.ts";
import { unreachableRules } from "./unreachable-rules.ts";
import { unknownCategoryNotes, unscoredNote } from "./unscored-note.ts";
import type { InputComparison, Ledger, ServedModel } from "./weekly-ports.ts";
import { checkSameInputs, type WeeklyDeps } from "./weekly-run.ts";

/** What a run of an input would say, before anything is scored. */
export interface InputReport {
  readonly week: string;
  /** The Sunday on which the week ends, ISO date. */
  readonly asOf: string;
  /** Null: the input was not read. */
  readonly suppliers: number | null;
  /**
   * Number of suppliers with too few known features for a score. Null: not known, because the input was not read, or the model of
   * ml-service is not known or does not fit the mapping.
   */
  readonly suppliersWithoutScore: number | null;
  readonly rowsRejected: number | null;
  readonly rejected: readonly RejectedReasonSample[];
  /** Week with which the input was compared. Null: no earlier week is complete. */
  readonly comparedWith: string | null;
  readonly checks: readonly Check[];
  /** Why a run would fail; empty when it would not. */
  readonly failures: readonly string[];
  /** Remarks, one sentence each. */
  readonly notes: readonly string[];
  /**
   * "published": nothing is in the way. "complete": the week was published with this input, so that a run does nothing.
   * "held": a person would have to approve the run. "not_whole": the input is still
   * written. "not_compared": nothing is wrong with the input, but a service does not answer that knows the earlier weeks
   * or the model.
   */
  readonly outcome: "published" | "complete" | "held" | "failed" | "not_whole" | "not_compared";
  /** Why the input is not whole, or not compared; empty otherwise. */
  readonly reason: string;
}

/** A file to be checked for a week, and the file to which its snapshot is written. */
export interface InputCheckTask {
  readonly week: string;
  readonly input: string;
  readonly snapshotPath: string;
  /** Whether the run would be given a reason to run a week that has not begun. */
  readonly isForced: boolean;
  readonly signal: AbortSignal;
}

export interface InputCheckDeps extends Omit<WeeklyDeps, "onProgress"> {
  /** Returns the active alert rules of the model. Empty: they are not known. */
  readonly activeRules: (signal: AbortSignal) => Promise<readonly RuleSet[]>;
  /** Finds supplier ids of a snapshot that look alike but differ. */
  readonly findSimilarIds: (parquet: string, signal: AbortSignal) => Promise<SimilarIds>;
  /** Looks at the input without waiting, and at its marker when one is asked for. */
  readonly look: (input: string) => Promise<SeenInput>;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Age up to which an input may still be written, ms: the interval in which the scheduler looks at its input. */
const FRESH_MS = 20_000;
/** Time between the two looks at a fresh input, ms. */
const BETWEEN_LOOKS_MS = 1_000;

/**
 * Reads and maps the input of a week and makes the checks of a run, without starting the run. The state of the input
 * is read before and after this. An input that changes during the check is not complete.
 * @throws IsoWeekError, InputNotFoundError, DiskError, PeerRejectedError, and the errors of ingest
 */
export async function checkInputFile(
  deps: InputCheckDeps,
  { week: asked, input, snapshotPath, isForced, signal }: InputCheckTask,
): Promise<InputReport> {
  const week = parseIsoWeek(asked);
  const date = { week, asOf: isoWeekEnd(week) };
  await deps.checkInput(input, signal);
  const first = await deps.look(input);
  if (!first.found) throw new InputNotFoundError(input);
  if (first.marked?.isWhole === false) return notWhole(date, first.marked.reason);
  const seen = { ...first, lookedMs: deps.nowMs() };
  const comparison = await compare(deps.ledger, week);
  let read: WeeklySnapshot & Pick<IngestRecord, "sourceDigest" | "objects">;
  try {
    read = await deps.ingest(input, snapshotPath, date, {
      ...{ signal, onProgress: () => {}, previous: comparison.previous },
    });
  } catch (error) {
    if (error instanceof InputChangedError) return notWhole(date, changedText(input));
    // What is still written often cannot be read.
    const change = signal.aborted ? "" : await changeSince(deps, input, seen, signal);
    if (change !== "") return notWhole(date, change);
    throw error;
  }
  const change = await changeSince(deps, input, seen, signal);
  if (change !== "") return notWhole(date, change);
  const shared = await findShared(deps, deps.openWeek(week), snapshotPath, comparison.previous, signal);
  const all = checkWeek(
    { ...read, input },
    { ...comparison, run: { isoWeek: week }, shared },
    deps.policy,
    deps.hasSourceTables,
  );
  const checks = comparison.problem === "" ? all : withoutEarlierWeeks(all, comparison.problem);
  const snapshotOf = (earlier: string): string => deps.openWeek(earlier).snapshotPath;
  const { failures, problem, model } = await compareModel(deps);
  const minimum = model?.minimum ?? null;
  const completed = completeProblem(comparison.complete, { ...read, configHash: deps.configHash });
  if (completed !== "") failures.push(completed);
  const unusable = comparison.complete === null ? weekProblem(week, new Date(seen.lookedMs), isForced) : "";
  if (unusable !== "") failures.push(unusable);
  if (read.rows === 0) failures.push(new NothingToScoreError(read).message);
  if (Math.ceil(read.rows / deps.chunkRows) > MAX_CHUNKS)
    failures.push(new TooManyChunksError(read.rows, deps.chunkRows, MAX_CHUNKS).message);
  const notes = read.newestAsOf === null ? [] : [dateNote(week, read.newestAsOf)];
  if (isFresh(seen))
    notes.push(
      `${input} was changed less than ${FRESH_MS / 1000} s ago; if a program still writes it, check it again afterwards`,
    );
  notes.push(...columnWarnings(read.profile.columns, comparison.previous));
  const similar = similarIdsWarning(await deps.findSimilarIds(snapshotPath, signal));
  if (similar !== null) notes.push(similar);
  notes.push(...repeatedNotes(read.rejected.count, read.rejected.repeated));
  if (comparison.previous !== null && shared !== null)
    notes.push(...changedIdsWarning(shared, comparison.previous.week, deps.supplierId, true));
  notes.push(...notSharedWarning(shared, comparison.previous, deps.policy.checks.sharedSuppliers, snapshotOf));
  notes.push(...inputNotes({ ...read, readingNotes: read.sources.flatMap((source) => source.notes) }));
  const unscored = minimum === null ? null : await deps.countUnscored(snapshotPath, minimum, signal);
  const withoutScore = minimum && unscored && unscoredNote(minimum, unscored);
  if (withoutScore !== null) notes.push(withoutScore);
  if (unscored !== null) notes.push(...unknownCategoryNotes(unscored.unknown));
  if (model !== null) notes.push(...unreachableRules(await deps.activeRules(signal), model));
  const reason = [comparison.problem, problem].filter((text) => text !== "").join("; ");
  return {
    ...date,
    suppliers: read.rows,
    suppliersWithoutScore: unscored?.rows ?? null,
    rowsRejected: read.rejected.count,
    rejected: rejectedReasons(read.rejected),
    comparedWith: comparison.previous?.week ?? null,
    ...{ checks, failures, notes, reason },
    outcome: comparison.complete !== null && failures.length === 0 ? "complete" : outcomeOf(failures, checks, reason),
  };
}

/** Returns why ops-service would not begin a run of the week: the week has not begun, or is too old; "" when it would. */
function weekProblem(week: string, now: Date, isForced: boolean): string {
  try {
    checkWeekBegun(week, now, isForced);
    return "";
  } catch (error) {
    if (error instanceof FutureWeekError || error instanceof IsoWeekError) return error.message;
    throw error;
  }
}

/** Returns why a complete week is not run with another input; "" when it is not complete, or the input is the same. */
function completeProblem(
  run: InputComplete,
  given: { readonly sourceDigest: string; readonly configHash: string },
): string {
  try {
    if (run !== null) checkSameInputs(run, given);
    return "";
  } catch (error) {
    if (error instanceof WeekCompleteError) return error.message;
    throw error;
  }
}

type InputComplete = Awaited<ReturnType<Ledger["findComplete"]>>;

function outcomeOf(failures: readonly string[], checks: readonly Check[], reason: string): InputReport["outcome"] {
  if (failures.length > 0) return "failed";
  if (failedChecks(checks).length > 0) return "held";
  return reason === "" ? "published" : "not_compared";
}

const notWhole = (date: Pick<InputReport, "week" | "asOf">, reason: string): InputReport => ({
  ...{ ...date, reason, outcome: "not_whole", suppliers: null, rowsRejected: null, comparedWith: null },
  suppliersWithoutScore: null,
  ...{ rejected: [], checks: [], failures: [], notes: [] },
});

/** Reads what the input is compared with. An ops-service that does not answer is a problem, and no error. */
async function compare(
  ledger: Ledger,
  week: string,
): Promise<InputComparison & { readonly complete: InputComplete; readonly problem: string }> {
  try {
    const [compared, complete] = await Promise.all([ledger.compare(week), ledger.findComplete(week)]);
    return { ...compared, complete, problem: "" };
  } catch (error) {
    if (!(error instanceof PeerUnavailableError)) throw error;
    return { previous: null, otherInputs: [], complete: null, problem: error.problem };
  }
}

type LookedInput = Extract<SeenInput, { found: true }> & { readonly lookedMs: number };

/** Whether a file was changed so lately that a program may still write it. */
const isFresh = ({ changedMs, lookedMs }: LookedInput): boolean =>
  changedMs !== null && Math.abs(lookedMs - changedMs) < FRESH_MS;

/** Looks at an input again. Returns what has changed; "" when nothing has. */
async function changeSince(
  { look, pause, nowMs }: InputCheckDeps,
  input: string,
  before: LookedInput,
  signal: AbortSignal,
): Promise<string> {
  const { lookedMs, fingerprint } = before;
  const leftMs = lookedMs + BETWEEN_LOOKS_MS - nowMs();
  if (isFresh(before) && leftMs > 0) await pause(leftMs, signal);
  const after = await look(input);
  if (!after.found) return `${input} was there and is gone now`;
  if (after.fingerprint === fingerprint) return "";
  return `${changedText(input)}${after.newestFile === undefined ? "" : `; its newest file is ${after.newestFile}`}`;
}

const changedText = (input: string): string => `${input} has changed while it was looked at`;

/** Compares the mapping with the model that would score. An ml-service that does not answer is a problem, and no error. */
async function compareModel({ scorer, features }: Pick<WeeklyDeps, "scorer" | "features">): Promise<{
  readonly failures: string[];
  readonly problem: string;
  /** Null: the model is not known, or does not fit the mapping. */
  readonly model: ServedModel | null;
}> {
  try {
    const model = await scorer.findModel("");
    checkContract(model.version, model.features, features);
    return { failures: [], problem: "", model };
  } catch (error) {
    if (error instanceof ModelContractError) return { failures: [error.message], problem: "", model: null };
    if (error instanceof PeerUnavailableError) return { failures: [], problem: error.problem, model: null };
    throw error;
  }
}
