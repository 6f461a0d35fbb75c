import type { AlertRules } from "@bellwether/config/alert-rules";
import { parseIsoWeek } from "@bellwether/config/iso-week";
import type { AuditEvent } from "./audit-chain.ts";
import { type AlertBook, evaluateRules } from "./evaluate-rules.ts";
import { RunMismatchError } from "./ops-error.ts";
import type { BandCounts, FeatureDrift, Run, RunLease, RunStage } from "./run.ts";
import { checkLease, checkOpen } from "./run-rules.ts";

/** What a run needs to see and change, all in one transaction. A run that was given out is locked until its end. */
export interface RunLedger {
  readonly alerts: AlertBook;
  lock(runId: number): Promise<Run | undefined>;
  /** The week's run, made with fence 0 when it is not there. */
  lockWeek(isoWeek: string, modelName: string): Promise<Run>;
  receivedChunks(runId: number): Promise<readonly number[]>;
  /** Sets what is given and tells those who watch. */
  update(runId: number, patch: Partial<Omit<Run, "id">>): Promise<Run>;
  /** Makes the run's scores visible; of a supplier's rows the first stays. */
  publishScores(runId: number): Promise<{ readonly duplicates: number; readonly bands: BandCounts }>;
  appendAudit(event: Omit<AuditEvent, "eventId" | "occurredUs">): Promise<void>;
}

/** Runs work in one transaction, which its failure rolls back. */
export type Transact = <T>(work: (ledger: RunLedger) => Promise<T>) => Promise<T>;

/** A started run; without a lease it is complete. */
export interface StartedRun {
  readonly run: Run;
  readonly lease: RunLease | undefined;
  readonly receivedChunks: readonly number[];
}

/** Starts a week's run or takes it over: the same holder gets its lease again, another one a higher fence. @throws IsoWeekError */
export async function startRun(
  transact: Transact,
  { isoWeek, modelName, holder }: Pick<Run, "isoWeek" | "modelName" | "holder">,
): Promise<StartedRun> {
  const week = parseIsoWeek(isoWeek);
  return transact(async (ledger) => {
    const known = await ledger.lockWeek(week, modelName);
    const receivedChunks = await ledger.receivedChunks(known.id);
    if (known.state === "complete") return { run: known, lease: undefined, receivedChunks };
    const isHeld = known.state === "running" && known.holder === holder && known.fence > 0;
    const taken = { state: "running", holder, fence: known.fence + 1, failure: "" } as const;
    const run = isHeld ? known : await ledger.update(known.id, taken);
    return { run, lease: { runId: run.id, fence: run.fence }, receivedChunks };
  });
}

/** What a run's holder tells of it; what is left out stays. */
export interface Progress {
  readonly stage: RunStage;
  readonly rowsRead?: number;
  readonly rowsRejected?: number;
  readonly chunksTotal?: number;
  readonly inputDigest?: string;
}

/** Records what a run is doing. @throws RunNotFoundError, RunFencedError, RunCompleteError, RunMismatchError */
export function reportProgress(transact: Transact, lease: RunLease, progress: Progress): Promise<Run> {
  return transact(async (ledger) => {
    const run = await lockLeased(ledger, lease);
    checkOpen(run);
    const { inputDigest } = progress;
    if (inputDigest !== undefined && run.inputDigest !== "" && run.inputDigest !== inputDigest)
      throw new RunMismatchError(
        `run ${run.id} was begun with another input (SHA-256 ${run.inputDigest.slice(0, 12)}…, now ${inputDigest.slice(0, 12)}…); go on with the first one`,
      );
    return await ledger.update(run.id, progress);
  });
}

/** Gives a run up; its chunks are kept. @throws RunNotFoundError, RunFencedError, RunCompleteError */
export function failRun(transact: Transact, lease: RunLease, reason: string): Promise<Run> {
  return transact(async (ledger) => {
    const run = await lockLeased(ledger, lease);
    checkOpen(run);
    return await ledger.update(run.id, { state: "failed", failure: reason });
  });
}

/** What a run's holder has counted. */
export interface RunTotals {
  readonly rowsRead: number;
  readonly rowsRejected: number;
  readonly chunksTotal: number;
  readonly drift: readonly FeatureDrift[];
}

export interface CompleteRunOptions {
  readonly rules: AlertRules;
  readonly now: () => Date;
  readonly newId: () => string;
}

/**
 * Publishes a run's scores and evaluates the rules, all or nothing. A complete run is given back as it is.
 * @throws RunNotFoundError, RunFencedError, RunMismatchError
 */
export function completeRun(
  transact: Transact,
  lease: RunLease,
  totals: RunTotals,
  { rules, now, newId }: CompleteRunOptions,
): Promise<Run> {
  return transact(async (ledger) => {
    const known = await ledger.lock(lease.runId);
    if (known?.state === "complete") return known;
    checkLease(known, lease);
    const run = await lockLeased(ledger, lease);
    checkChunks(run.id, totals.chunksTotal, await ledger.receivedChunks(run.id));
    checkCounts(run, totals);
    const { duplicates, bands } = await ledger.publishScores(run.id);
    const alertsRaised = await evaluateRules(ledger.alerts, rules, { runId: run.id, now: now(), newId });
    const rowsScored = run.rowsScored - duplicates;
    const rowsFaulty = run.rowsFaulty + duplicates;
    const complete = await ledger.update(run.id, {
      ...totals,
      ...{ state: "complete", stage: "complete", failure: "", completedAt: now() },
      ...{ rowsScored, rowsFaulty, bands, alertsRaised },
      drift: totals.drift.toSorted((a, b) => b.psi - a.psi),
    });
    const { isoWeek, modelName, scoredBy } = run;
    const setAside = totals.rowsRejected + rowsFaulty;
    const told = { isoWeek, modelName, version: scoredBy?.version ?? "", rowsScored, setAside, alertsRaised };
    const payload = JSON.stringify(told);
    await ledger.appendAudit({ kind: "run.completed", actor: "ops-service", subject: `run/${run.id}`, payload });
    return complete;
  });
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
      `run ${runId} lacks ${missing.length} of ${total} chunks, the first is ${missing[0]}; submit them, then complete again`,
    );
  if (known.size > total)
    throw new RunMismatchError(`run ${runId} has received ${known.size} chunks, but chunks_total says ${total}`);
}

function checkCounts(run: Run, { rowsRead, rowsRejected }: RunTotals): void {
  const accounted = rowsRejected + run.rowsScored + run.rowsFaulty;
  if (rowsRead !== accounted)
    throw new RunMismatchError(
      `run ${run.id}: ${rowsRead} rows read, but ${run.rowsScored} scored, ${run.rowsFaulty} faulty and ${rowsRejected} rejected make ${accounted}`,
    );
}
