import { checkWeekBegun, isFutureWeek, parseIsoWeek } from "@bellwether/contract/iso-week";
import type { InputContent } from "@bellwether/plausibility/check-content";
import type { ColumnProfile } from "@bellwether/plausibility/column-profile";
import { RunMismatchError, RunStateError } from "../ops-error.ts";
import type { Override, PreviousRun } from "../run-losses.ts";
import type { InputObject, Run, RunLease, RunStage } from "../scores/run.ts";
import { checkNotUnderWay } from "./abandoned-run.ts";
import { approve } from "./decide-run.ts";
import { recordRun } from "./record-run.ts";
import { checkLease, checkOpen } from "./run-lease.ts";
import type { RunLedger, Transact } from "./run-ledger.ts";

/** A started run. Without a lease it is complete, or held without an approval. */
export interface StartedRun {
  readonly run: Run;
  readonly lease: RunLease | undefined;
  readonly receivedChunks: readonly number[];
  /**
   * True when the unfinished run had begun with another source, date or configuration, or had chunks of an unknown
   * size: its chunks were dropped.
   */
  readonly begunAnew: boolean;
  /** The complete week that the run is compared with. Null: there is none. */
  readonly previous: PreviousRun | null;
  readonly previousProfile: readonly ColumnProfile[];
  /** The newest other complete week with the same source. Empty: there is none. */
  readonly sameSourceWeek: string;
  /** Inputs of other complete weeks, newest first. */
  readonly otherInputs: readonly InputContent[];
}

/** The parameters of a start. */
export interface RunStart extends Pick<Run, "isoWeek" | "modelName" | "holder"> {
  /** SHA-256, lower-case hex. Empty: not known, so it is not compared. */
  readonly sourceDigest: string;
  readonly configHash: string;
  /** The day of which the input is a snapshot. Empty: not known, so it is not compared. */
  readonly asOf: string;
  /** Number of suppliers that the caller wants in each chunk. 0: not known. */
  readonly chunkRows: number;
  /** Allows a week that has not begun. Null: such a week is rejected. */
  readonly forceFuture: Override | null;
  /** Approves a held run with the same input. Null: it stays held. */
  readonly acceptLosses: Override | null;
}

/** Initial values of the fields of a run that begins again. */
const NOTHING_YET = {
  ...{ stage: "none", rowsRead: null, rowsRejected: 0, rowsScored: 0, rowsInvalid: 0 },
  ...{ chunksReceived: 0, chunksTotal: null, inputDigest: "", inputObjects: [], scoredBy: null },
} as const satisfies Partial<Run>;

/** Initial values of the fields of a run that begins again with another input. */
const NOT_CHECKED = { checks: [], checksFailed: 0, approved: null } as const satisfies Partial<Run>;

/**
 * Starts a week's run or takes it over: the same holder gets the same lease again, another holder gets a
 * higher fence. An unfinished run that began with another source, date or configuration, or that has chunks of an
 * unknown size, drops its chunks and begins again; nothing of it was published. Otherwise a run that has chunks
 * keeps their size. A run in progress at another holder is not dropped. A held run that nobody has approved is
 * started only with another input, and one that somebody has approved only with the same input.
 * @throws IsoWeekError, FutureWeekError, RunUnderWayError, RunStateError
 */
export async function startRun(transact: Transact, start: RunStart, now: () => Date): Promise<StartedRun> {
  const week = parseIsoWeek(start.isoWeek);
  return transact(async (ledger) => {
    const locked = await ledger.lockWeek(week, start.modelName);
    const isApproval = locked.state === "held" && locked.approved === null && !hasOther(locked, start);
    const known =
      isApproval && start.acceptLosses !== null
        ? await approve(ledger, locked, { ...start.acceptLosses, now: now() })
        : locked;
    const received = await ledger.receivedChunks(known.id);
    const comparison = await comparisonOf(ledger, known, start.sourceDigest);
    const asIs = { run: known, lease: undefined, begunAnew: false, receivedChunks: received, ...comparison };
    if (known.state === "complete") return asIs;
    // Somebody has allowed the week when the run began; whoever continues the run need not allow it again.
    checkWeekBegun(week, now(), (start.forceFuture ?? known.forceFuture) !== null);
    const hasOtherInput = hasOther(known, start);
    if (known.state === "held" && known.approved === null && !hasOtherInput) return asIs;
    const begunAnew = hasOtherInput || (received.length > 0 && known.chunkRows === 0 && start.chunkRows > 0);
    if (hasOtherInput) {
      checkNotApproved(known);
      await checkNotUnderWay(ledger, known, start.holder);
    }
    if (begunAnew) await ledger.dropChunks(known.id);
    const receivedChunks = begunAnew ? [] : received;
    const chunkRows = receivedChunks.length > 0 ? known.chunkRows : start.chunkRows;
    const isOwn = !begunAnew && known.state === "running" && known.holder === start.holder && known.fence > 0;
    const input = { ...takeOver(known, start, begunAnew), ...(hasOtherInput && NOT_CHECKED) };
    const run = isOwn ? known : await ledger.update(known.id, { ...input, chunkRows });
    if (isFutureWeek(week, now()) && start.forceFuture !== null && known.forceFuture === null)
      await recordForced(ledger, run, start.forceFuture);
    return { run, lease: { runId: run.id, fence: run.fence }, receivedChunks, begunAnew, ...comparison };
  });
}

/** What the input of a week is compared with. */
export type InputComparison = Pick<StartedRun, "previous" | "previousProfile" | "otherInputs">;

/** Returns what the input of a week is compared with, without starting its run. @throws IsoWeekError */
export async function compareInput(
  transact: Transact,
  { isoWeek, modelName }: Pick<Run, "isoWeek" | "modelName">,
): Promise<InputComparison> {
  const week = { isoWeek: parseIsoWeek(isoWeek), modelName };
  return transact((ledger) => inputComparison(ledger, week));
}

async function inputComparison(ledger: RunLedger, week: Pick<Run, "isoWeek" | "modelName">): Promise<InputComparison> {
  const previous = await ledger.previousWeek(week.isoWeek, week.modelName);
  return {
    previous,
    previousProfile: previous === null ? [] : await ledger.readProfile(previous.runId),
    otherInputs: await ledger.otherInputs(week),
  };
}

/** Reads what the input of a run is compared with. */
async function comparisonOf(ledger: RunLedger, run: Run, sourceDigest: string) {
  const comparison = await inputComparison(ledger, run);
  return { ...comparison, sameSourceWeek: await ledger.weekOfSource(sourceDigest, run) };
}

const isOther = (before: string, now: string): boolean => before !== "" && now !== "" && before !== now;

/** Whether a run is started with another source, configuration or date than before. */
const hasOther = (known: Run, start: RunStart): boolean =>
  isOther(known.sourceDigest, start.sourceDigest) ||
  isOther(known.configHash, start.configHash) ||
  isOther(known.asOf, start.asOf);

/** Verifies that no person has approved the run with the input that it has. @throws RunStateError */
function checkNotApproved(run: Run): void {
  if (run.approved === null || (run.state !== "held" && run.state !== "running")) return;
  const way = `${run.approved.actor} has approved it with another file or configuration; void it (VoidRun), then run this one`;
  throw new RunStateError(run, way);
}

function takeOver(known: Run, { holder, sourceDigest, configHash, asOf, forceFuture }: RunStart, begunAnew: boolean) {
  return {
    ...(begunAnew && NOTHING_YET),
    ...{ state: "running", holder, fence: known.fence + 1, failure: "", losses: null, policyHash: "" },
    sourceDigest: sourceDigest || known.sourceDigest,
    configHash: configHash || known.configHash,
    asOf: asOf || known.asOf,
    forceFuture: known.forceFuture ?? forceFuture,
  } as const satisfies Partial<Run>;
}

function recordForced(ledger: RunLedger, { id, isoWeek, modelName }: Run, { reason, actor }: Override): Promise<void> {
  const payload = JSON.stringify({ isoWeek, modelName, reason });
  return ledger.appendAudit({ kind: "run.future_forced", actor, subject: `run/${id}`, payload });
}

/** The progress that the holder of a run reports. Fields that are left out do not change. */
export interface Progress {
  readonly stage: RunStage;
  readonly rowsRead?: number;
  readonly rowsRejected?: number;
  readonly chunksTotal?: number;
  readonly inputDigest?: string;
  readonly inputObjects?: readonly InputObject[];
}

/**
 * Records the progress of a run. @throws RunNotFoundError, RunFencedError, RunCompleteError, RunMismatchError
 */
export function reportProgress(transact: Transact, lease: RunLease, progress: Progress): Promise<Run> {
  return transact(async (ledger) => {
    const run = await lockLeased(ledger, lease);
    checkOpen(run);
    const { inputDigest } = progress;
    if (inputDigest !== undefined && run.inputDigest !== "" && run.inputDigest !== inputDigest)
      throw new RunMismatchError(
        `run ${run.id} began with another input (SHA-256 ${run.inputDigest.slice(0, 12)}…, now ${inputDigest.slice(0, 12)}…); continue with the first one`,
      );
    return await ledger.update(run.id, progress);
  });
}

/**
 * Sets a run to failed. Its chunks are kept. @throws RunNotFoundError, RunFencedError, RunCompleteError, RunHeldError,
 * RunStateError
 */
export function failRun(transact: Transact, lease: RunLease, { reason, actor }: Override): Promise<Run> {
  return transact(async (ledger) => {
    const run = await lockLeased(ledger, lease);
    checkOpen(run);
    // A repeated call is not a second failure.
    if (run.state === "failed" && run.failure === reason) return run;
    const failed = await ledger.update(run.id, { state: "failed", failure: reason });
    await recordRun(ledger, failed, { kind: "run.failed", actor, reason, stage: run.stage });
    return failed;
  });
}

async function lockLeased(ledger: RunLedger, lease: RunLease): Promise<Run> {
  const run = await ledger.lock(lease.runId);
  checkLease(run, lease);
  return run;
}
