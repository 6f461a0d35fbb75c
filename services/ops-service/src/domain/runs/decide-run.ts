import { checkWeekBegun, parseIsoWeek } from "@bellwether/contract/iso-week";
import { type Check, failedChecks } from "@bellwether/plausibility/check";
import type { ColumnProfile } from "@bellwether/plausibility/column-profile";
import { ModelNotFoundError, RunChecksError, RunNotFoundError, RunStateError } from "../ops-error.ts";
import { orderChecks, unapprovedChecks } from "../run-check.ts";
import type { Override } from "../run-losses.ts";
import type { Run, RunLease } from "../scores/run.ts";
import { MAX_RECORDED_CHECKS, recordRun } from "./record-run.ts";
import { checkLease, checkOpen } from "./run-lease.ts";
import type { RunLedger, Transact } from "./run-ledger.ts";

/** The checks of the input of a run, and its profile. */
export interface CheckedInput {
  readonly checks: readonly Check[];
  /** Empty: not known. */
  readonly profile: readonly ColumnProfile[];
}

/**
 * Holds a run because a check of its input failed. A run that is held stays as it is.
 * @throws RunNotFoundError, RunFencedError, RunCompleteError, RunStateError, RunChecksError
 */
export function holdRun(transact: Transact, lease: RunLease, input: CheckedInput, actor: string): Promise<Run> {
  return transact(async (ledger) => {
    const run = await ledger.lock(lease.runId);
    checkLease(run, lease);
    if (run.state === "held") return run;
    checkOpen(run);
    if (failedChecks(input.checks).length === 0) throw new RunChecksError();
    if (run.approved !== null && unapprovedChecks(input.checks, run.checks).length === 0)
      throw new RunStateError(run, `${run.approved.actor} has approved it although these checks failed; continue it`);
    return await hold(ledger, run, { ...input, actor });
  });
}

/** Sets a locked run to held, and records it in the audit log. */
export async function hold(
  ledger: RunLedger,
  run: Run,
  { checks, profile, actor }: CheckedInput & { readonly actor: string },
): Promise<Run> {
  const failed = failedChecks(checks);
  if (profile.length > 0) await ledger.writeProfile(run.id, profile);
  const held = await ledger.update(run.id, {
    ...{ state: "held", failure: "", approved: null, checks: orderChecks(checks), checksFailed: failed.length },
  });
  await recordRun(ledger, held, {
    kind: "run.held",
    actor,
    failed: failed.slice(0, MAX_RECORDED_CHECKS),
    checks: failed.length,
  });
  return held;
}

/** Who decides about a run, why, and when. */
export interface Decision extends Override {
  readonly now: Date;
}

export const decisionOf = ({ reason, actor, now }: Decision) => ({ reason, actor, decidedMs: now.getTime() });

/** A run after a decision about it. */
export interface DecidedRun {
  readonly run: Run;
  /** An earlier call has already decided, and its decision counts. */
  readonly isRepeated: boolean;
}

/** States in which an approval still has an effect, so that a repeated call is answered as the first one. */
const HAS_APPROVAL: ReadonlySet<Run["state"]> = new Set(["held", "running", "failed"]);

/** What a person can do about a run that cannot be decided in the way they asked for. */
const WAYS_ON: Readonly<Record<Run["state"], string>> = {
  failed: "correct the file or the cause, and run the week again",
  voided: "the next run of the week is a new revision: run it with the correct file",
  missed: "run the week when its file is there",
  held: "approve it, void it, or run a corrected file",
  running: "wait for its end",
  complete: "void it, or ask for a new revision (SupersedeRun)",
  superseded: "decide about the later revision, which replaced it",
};

/** Returns the error of a decision that the state of a run does not allow. @param only which runs it is for */
export function undecidable(run: Run, only: string): RunStateError {
  return new RunStateError(run, `${only}; ${WAYS_ON[run.state]}`);
}

/**
 * Approves a held run although checks failed: the next start continues it. The first approval counts.
 * @throws RunNotFoundError, RunStateError
 */
export function approveRun(transact: Transact, runId: number, decision: Decision): Promise<DecidedRun> {
  return transact(async (ledger) => {
    const run = await lockRun(ledger, runId);
    if (run.approved !== null && HAS_APPROVAL.has(run.state)) return { run, isRepeated: true };
    if (run.state !== "held") throw undecidable(run, "only a held run can be approved");
    return { run: await approve(ledger, run, decision), isRepeated: false };
  });
}

/** Approves a locked run that is held, and records it in the audit log. */
export async function approve(ledger: RunLedger, run: Run, decision: Decision): Promise<Run> {
  const approved = await ledger.update(run.id, { approved: decisionOf(decision) });
  const { reason, actor } = decision;
  await recordRun(ledger, approved, { kind: "run.approved", actor, reason, checks: run.checksFailed });
  return approved;
}

/**
 * Asks for a new revision of a complete week: the next start of the week begins it. The first request counts.
 * @throws RunNotFoundError, RunStateError
 */
export function requestRevision(transact: Transact, runId: number, decision: Decision): Promise<DecidedRun> {
  return transact(async (ledger) => {
    const run = await lockRun(ledger, runId);
    if (run.supersedeRequested !== null) return { run, isRepeated: true };
    if (run.state !== "complete") throw undecidable(run, "only a complete run can be superseded");
    const requested = await ledger.update(run.id, { supersedeRequested: decisionOf(decision) });
    const { reason, actor } = decision;
    await recordRun(ledger, requested, { kind: "run.supersede_requested", actor, reason });
    return { run: requested, isRepeated: false };
  });
}

/** A week that had no input until its deadline. */
export interface MissedWeek extends Decision {
  readonly isoWeek: string;
  readonly modelName: string;
}

/**
 * Records a week without input. The first reason counts. A later start of the week begins the run.
 * @param isModel whether the model of the week exists
 * @throws IsoWeekError, FutureWeekError, ModelNotFoundError, RunStateError
 */
export async function recordMissedWeek(
  transact: Transact,
  missed: MissedWeek,
  isModel: () => Promise<boolean>,
): Promise<Run> {
  const { reason, actor, now } = missed;
  const week = parseIsoWeek(missed.isoWeek);
  checkWeekBegun(week, now, false);
  if (!(await isModel())) throw new ModelNotFoundError(missed.modelName);
  return transact(async (ledger) => {
    const run = await ledger.lockWeek(week, missed.modelName);
    if (run.state === "missed") return run;
    const isNew = run.state === "running" && run.fence === 0 && run.supersedesRunId === null;
    if (!isNew) throw new RunStateError(run, `${week} is not missed`);
    const stored = await ledger.update(run.id, { state: "missed", missedReason: reason });
    await recordRun(ledger, stored, { kind: "run.missed", actor, reason });
    return stored;
  });
}

export async function lockRun(ledger: RunLedger, runId: number): Promise<Run> {
  const run = await ledger.lock(runId);
  if (!run) throw new RunNotFoundError(`run ${runId}`);
  return run;
}
