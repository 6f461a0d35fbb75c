import type { AlertRules } from "@bellwether/config/alert-rules";
import type { RiskPolicy } from "@bellwether/config/risk-policy";
import { checkWeekBegun, isFutureWeek, parseIsoWeek } from "@bellwether/contract/iso-week";
import { countText } from "@bellwether/reasons/count-text";
import { RULES_ACTOR } from "./alert.ts";
import type { AuditEvent } from "./audit-chain.ts";
import { type AlertRuleStore, evaluateRules } from "./evaluate-rules.ts";
import { LossLimitError, RunMismatchError, RunUnderWayError } from "./ops-error.ts";
import { describeRuleChanges } from "./rule-changes.ts";
import type { BandCounts, FeatureDrift, Run, RunLease, RunStage } from "./run.ts";
import { checkLease, checkOpen } from "./run-lease.ts";
import { measureLosses, type Override, type PreviousWeek, type RunLosses } from "./run-losses.ts";

/**
 * Reads and changes what a run needs, all in one transaction. A run that it returned is locked until the
 * transaction ends.
 */
export interface RunLedger {
  readonly alerts: AlertRuleStore;
  lock(runId: number): Promise<Run | undefined>;
  /** Returns the run of the week. Creates it with fence 0 when it does not exist. */
  lockWeek(isoWeek: string, modelName: string): Promise<Run>;
  receivedChunks(runId: number): Promise<readonly number[]>;
  /** Changes the given fields and notifies the watches. */
  update(runId: number, patch: Partial<Omit<Run, "id">>): Promise<Run>;
  /** Returns the time since the last write of the run's holder, ms. Null: not recorded. */
  holderSilenceMs(runId: number): Promise<number | null>;
  /** Deletes all chunks that an unfinished run has received: receipts, scores, contributions. */
  dropChunks(runId: number): Promise<void>;
  /** Deletes every row of a supplier after its first one. Returns the number of deleted rows. */
  dropSecondRows(runId: number): Promise<number>;
  /** Returns the newest complete week of a model before an ISO week. Null: there is none. */
  previousWeek(isoWeek: string, modelName: string): Promise<PreviousWeek | null>;
  /** Makes the scores of the run visible, one row per supplier. */
  publishScores(runId: number): Promise<BandCounts>;
  /** Appends events in this order. */
  appendAudit(...events: readonly Omit<AuditEvent, "eventId" | "occurredUs">[]): Promise<void>;
}

/** Runs `work` in one transaction, which is rolled back when `work` fails. */
export type Transact = <T>(work: (ledger: RunLedger) => Promise<T>) => Promise<T>;

/** A started run. Without a lease it is complete. */
export interface StartedRun {
  readonly run: Run;
  readonly lease: RunLease | undefined;
  readonly receivedChunks: readonly number[];
  /**
   * True when the unfinished run had begun with another source or configuration, or had chunks of an unknown
   * size: its chunks were dropped.
   */
  readonly begunAnew: boolean;
}

/** The parameters of a start. */
export interface RunStart extends Pick<Run, "isoWeek" | "modelName" | "holder"> {
  /** SHA-256, lower-case hex. Empty: not known, so it is not compared. */
  readonly sourceDigest: string;
  readonly configHash: string;
  /** Number of suppliers that the caller wants in each chunk. 0: not known. */
  readonly chunkRows: number;
  /** Allows a week that has not begun. Null: such a week is rejected. */
  readonly forceFuture: Override | null;
}

/** Initial values of the fields of a run that begins again. */
const NOTHING_YET = {
  ...{ stage: "none", rowsRead: null, rowsRejected: 0, rowsScored: 0, rowsInvalid: 0 },
  ...{ chunksReceived: 0, chunksTotal: null, inputDigest: "", scoredBy: null },
} as const satisfies Partial<Run>;

/**
 * Starts a week's run or takes it over: the same holder gets the same lease again, another holder gets a
 * higher fence. An unfinished run that began with another source or configuration, or that has chunks of an
 * unknown size, drops its chunks and begins again; nothing of it was published. Otherwise a run that has chunks
 * keeps their size. A run in progress at another holder is not dropped.
 * @throws IsoWeekError, FutureWeekError, RunUnderWayError
 */
export async function startRun(transact: Transact, start: RunStart, now: () => Date): Promise<StartedRun> {
  const week = parseIsoWeek(start.isoWeek);
  return transact(async (ledger) => {
    const known = await ledger.lockWeek(week, start.modelName);
    const received = await ledger.receivedChunks(known.id);
    if (known.state === "complete") return { run: known, lease: undefined, begunAnew: false, receivedChunks: received };
    checkWeekBegun(week, now(), start.forceFuture !== null);
    const hasOtherInput =
      isOther(known.sourceDigest, start.sourceDigest) || isOther(known.configHash, start.configHash);
    const begunAnew = hasOtherInput || (received.length > 0 && known.chunkRows === 0 && start.chunkRows > 0);
    if (hasOtherInput) await checkNotHeld(ledger, known, start.holder);
    if (begunAnew) await ledger.dropChunks(known.id);
    const receivedChunks = begunAnew ? [] : received;
    const chunkRows = receivedChunks.length > 0 ? known.chunkRows : start.chunkRows;
    const isHeld = !begunAnew && known.state === "running" && known.holder === start.holder && known.fence > 0;
    const run = isHeld ? known : await ledger.update(known.id, { ...takeOver(known, start, begunAnew), chunkRows });
    if (isFutureWeek(week, now()) && start.forceFuture !== null && known.forceFuture === null)
      await recordForced(ledger, run, start.forceFuture);
    return { run, lease: { runId: run.id, fence: run.fence }, receivedChunks, begunAnew };
  });
}

/** Time without a write of its holder after which a run counts as abandoned, ms. Holders write every 10 s. */
const HOLDER_LOCK_MS = 30_000;

/**
 * Checks that a run whose rows would be dropped is not in progress at another holder. @throws RunUnderWayError
 */
async function checkNotHeld(ledger: RunLedger, known: Run, holder: string): Promise<void> {
  if (known.state !== "running" || known.fence === 0 || known.holder === holder) return;
  const silentMs = await ledger.holderSilenceMs(known.id);
  if (silentMs !== null && silentMs < HOLDER_LOCK_MS)
    throw new RunUnderWayError(known.isoWeek, known.holder, HOLDER_LOCK_MS / 1000);
}

const isOther = (before: string, now: string): boolean => before !== "" && now !== "" && before !== now;

function takeOver(known: Run, { holder, sourceDigest, configHash, forceFuture }: RunStart, begunAnew: boolean) {
  return {
    ...(begunAnew && NOTHING_YET),
    ...{ state: "running", holder, fence: known.fence + 1, failure: "", losses: null, policyHash: "" },
    sourceDigest: sourceDigest || known.sourceDigest,
    configHash: configHash || known.configHash,
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

/** Sets a run to failed. Its chunks are kept. @throws RunNotFoundError, RunFencedError, RunCompleteError */
export function failRun(transact: Transact, lease: RunLease, reason: string): Promise<Run> {
  return transact(async (ledger) => {
    const run = await lockLeased(ledger, lease);
    checkOpen(run);
    return await ledger.update(run.id, { state: "failed", failure: reason });
  });
}

/** The final counts of a run, from its holder. */
export interface RunTotals {
  readonly rowsRead: number;
  readonly rowsRejected: number;
  readonly chunksTotal: number;
  readonly drift: readonly FeatureDrift[];
  /** Number of rows in `rowsRejected` that repeat an earlier row exactly. */
  readonly rowsRepeated: number;
  /**
   * Rows of the source files, when a mapping combines several tables into suppliers. Null: each row of the
   * weekly file is one supplier.
   */
  readonly sourceRows: number | null;
  readonly sourceRowsRejected: number;
  /** Publishes the run even if it exceeds the limits of the risk policy. Null: such a run is not published. */
  readonly acceptLosses: Override | null;
}

export interface CompleteRunOptions {
  readonly rules: AlertRules;
  readonly policy: RiskPolicy;
  readonly now: () => Date;
  readonly newId: () => string;
}

/**
 * Publishes the scores of a run and evaluates the alert rules, all or nothing. A complete run is returned
 * unchanged. A run that lost more than the policy allows, without an acceptance, is set to failed, and
 * nothing of it is published.
 * @throws RunNotFoundError, RunFencedError, RunMismatchError, LossLimitError
 */
export async function completeRun(
  transact: Transact,
  lease: RunLease,
  totals: RunTotals,
  options: CompleteRunOptions,
): Promise<Run> {
  try {
    return await publishRun(transact, lease, totals, options);
  } catch (error) {
    if (!(error instanceof LossLimitError)) throw error;
    const { policyHash } = options.policy;
    await transact(async (ledger) => {
      const run = await lockLeased(ledger, lease);
      checkOpen(run);
      await ledger.update(run.id, { state: "failed", failure: error.message, losses: error.losses, policyHash });
    });
    throw error;
  }
}

function publishRun(
  transact: Transact,
  lease: RunLease,
  { rowsRepeated, sourceRows, sourceRowsRejected, acceptLosses, ...totals }: RunTotals,
  { rules, policy, now, newId }: CompleteRunOptions,
): Promise<Run> {
  return transact(async (ledger) => {
    const known = await ledger.lock(lease.runId);
    if (known?.state === "complete") return known;
    checkLease(known, lease);
    const run = await lockLeased(ledger, lease);
    checkChunks(run.id, totals.chunksTotal, await ledger.receivedChunks(run.id));
    checkCounts(run, { ...totals, rowsRepeated });
    const second = await ledger.dropSecondRows(run.id);
    const rowsScored = run.rowsScored - second;
    const rowsInvalid = run.rowsInvalid + second;
    const { rowsRead, rowsRejected } = totals;
    const read = { rowsRead, rowsRejected, rowsRepeated, sourceRows, sourceRowsRejected };
    const counts = { ...read, rowsInvalid, suppliers: rowsScored };
    const previous = await ledger.previousWeek(run.isoWeek, run.modelName);
    const losses = measureLosses(counts, previous, policy, acceptLosses);
    if (losses.exceeded.length > 0 && losses.accepted === null) throw new LossLimitError(run.isoWeek, losses);
    const bands = await ledger.publishScores(run.id);
    const ruleRun = { runId: run.id, modelName: run.modelName, now: now(), newId };
    const { changes, ...outcome } = await evaluateRules(ledger.alerts, rules, ruleRun);
    const complete = await ledger.update(run.id, {
      ...totals,
      ...{ state: "complete", stage: "complete", failure: "", completedAt: now() },
      ...{ rowsScored, rowsInvalid, bands, losses, policyHash: policy.policyHash, ...outcome },
      drift: totals.drift.toSorted((a, b) => b.psi - a.psi),
    });
    const { isoWeek, modelName, scoredBy } = run;
    const rejected = totals.rowsRejected + rowsInvalid;
    const reported = { isoWeek, modelName, version: scoredBy?.version ?? "", rowsScored, rejected, ...outcome };
    const payload = JSON.stringify(reported);
    if (losses.accepted !== null) await recordAccepted(ledger, complete, losses, losses.accepted);
    const subject = `run/${run.id}`;
    const changed = describeRuleChanges(changes);
    const evaluated = changed && { kind: "alerts.evaluated", actor: RULES_ACTOR, subject, payload: changed };
    const completed = { kind: "run.completed", actor: "ops-service", subject, payload };
    await ledger.appendAudit(completed, ...(evaluated ? [evaluated] : []));
    return complete;
  });
}

function recordAccepted(
  ledger: RunLedger,
  { id, isoWeek, modelName, policyHash }: Run,
  { accepted: _accepted, ...figures }: RunLosses,
  { reason, actor }: Override,
): Promise<void> {
  const payload = JSON.stringify({ isoWeek, modelName, reason, policyHash, ...figures });
  return ledger.appendAudit({ kind: "run.losses_accepted", actor, subject: `run/${id}`, payload });
}

async function lockLeased(ledger: RunLedger, lease: RunLease): Promise<Run> {
  const run = await ledger.lock(lease.runId);
  checkLease(run, lease);
  return run;
}

function checkChunks(runId: number, total: number, received: readonly number[]): void {
  const known = new Set(received);
  const missing = Array.from({ length: total }, (_, chunk) => chunk).filter((chunk) => !known.has(chunk));
  if (missing.length > 0)
    throw new RunMismatchError(
      `run ${runId} lacks ${missing.length} of ${countText(total, "chunk")}, the first is ${missing[0]}; submit them, then complete again`,
    );
  if (known.size > total)
    throw new RunMismatchError(
      `run ${runId} has received ${countText(known.size, "chunk")}, but chunks_total says ${total}`,
    );
}

function checkCounts(
  run: Run,
  { rowsRead, rowsRejected, rowsRepeated }: Pick<RunTotals, "rowsRead" | "rowsRejected" | "rowsRepeated">,
): void {
  if (rowsRepeated > rowsRejected)
    throw new RunMismatchError(
      `run ${run.id}: ${rowsRepeated} repeated rows are more than the ${rowsRejected} rejected`,
    );
  const accounted = rowsRejected + run.rowsScored + run.rowsInvalid;
  if (rowsRead !== accounted)
    throw new RunMismatchError(
      `run ${run.id}: ${countText(rowsRead, "row")} read, but ${run.rowsScored} scored, ${run.rowsInvalid} invalid and ${rowsRejected} rejected make ${accounted}`,
    );
}
