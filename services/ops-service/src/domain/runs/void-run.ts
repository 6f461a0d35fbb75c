import { countIds } from "../alerts/rule-changes.ts";
import { type UndoOutcome, undoRunChange } from "../alerts/undo-run-change.ts";
import { RunNotFoundError } from "../ops-error.ts";
import type { AlertIds, Run } from "../scores/run.ts";
import { checkNotUnderWay } from "./abandoned-run.ts";
import { type DecidedRun, type Decision, decisionOf, lockRun, undecidable } from "./decide-run.ts";
import { recordRun } from "./record-run.ts";
import type { RunLedger, Transact } from "./run-ledger.ts";

/** A voided run, and what became of its alerts. */
export interface VoidedRun extends DecidedRun {
  readonly alerts: Readonly<Record<UndoOutcome, AlertIds>>;
  /** The latest complete week of the model. Empty: none is complete. */
  readonly latestWeek: string;
}

/** Number of alerts that are read and written at a time. */
const PAGE = 1_000;

/**
 * Withdraws a complete, held or failed run, in one transaction. Its scores are no longer shown. Its alerts are
 * restored to their state before the run, unless somebody has changed them since. The next run of the model is
 * compared with the run before this one. A voided run does not change. A run in progress whose holder no longer
 * writes can be withdrawn too.
 * @throws RunNotFoundError, RunStateError, RunUnderWayError
 */
export function voidRun(transact: Transact, runId: number, decision: Decision): Promise<VoidedRun> {
  return transact(async (ledger) => {
    const found = await ledger.find(runId);
    if (!found) throw new RunNotFoundError(`run ${runId}`);
    // Completing a run takes the locks in the same order.
    await ledger.alerts.lockModel(found.modelName);
    await ledger.alerts.applyValues(found.modelName, decision.now);
    const run = await lockRun(ledger, runId);
    if (run.state === "voided") return await voidedRun(ledger, { run, isRepeated: true }, NONE);
    if (run.state === "missed" || run.state === "superseded")
      throw undecidable(run, "only a complete, held or failed run can be voided");
    await checkNotUnderWay(ledger, run, "");
    const alerts = run.state === "complete" ? await withdrawAlerts(ledger, run, decision) : NONE;
    const state = { state: "voided", voided: decisionOf(decision), supersedeRequested: null } as const;
    const voided = await ledger.update(run.id, { ...state, fence: run.fence + 1 });
    if (run.supersedesRunId !== null && run.state !== "complete")
      await ledger.update(run.supersedesRunId, { supersedeRequested: null });
    await ledger.mendChain(run);
    const result = await voidedRun(ledger, { run: voided, isRepeated: false }, alerts);
    const { reason, actor } = decision;
    const { latestWeek } = result;
    await recordRun(ledger, voided, {
      ...{ kind: "run.voided", actor, reason, was: run.state, latestWeek, alerts: result.alerts },
    });
    return result;
  });
}

type IdsByOutcome = Readonly<Record<UndoOutcome, readonly string[]>>;

const NONE: IdsByOutcome = { closed: [], restored: [], kept: [] };

async function voidedRun(ledger: RunLedger, decided: DecidedRun, alerts: IdsByOutcome): Promise<VoidedRun> {
  const { closed, restored, kept } = alerts;
  return {
    ...decided,
    alerts: { closed: countIds(closed), restored: countIds(restored), kept: countIds(kept) },
    latestWeek: await ledger.latestWeek(decided.run.modelName),
  };
}

/** Undoes what a complete run changed in alerts. */
async function withdrawAlerts(ledger: RunLedger, run: Run, decision: Decision): Promise<IdsByOutcome> {
  const ids: Record<UndoOutcome, string[]> = { closed: [], restored: [], kept: [] };
  const withdrawal = { ...decision, runId: run.id, isoWeek: run.isoWeek };
  await ledger.alerts.restoreValues(run.id);
  let after = "";
  for (;;) {
    const page = await ledger.alerts.lockChanges(run.id, { after, limit: PAGE });
    const undone = page.map((change) => undoRunChange(change, withdrawal));
    for (const { outcome, change } of undone) ids[outcome].push(change.alert.id);
    await ledger.alerts.write(undone.map(({ change }) => change));
    after = page.at(-1)?.current.id ?? "";
    if (page.length < PAGE) break;
  }
  await ledger.alerts.forgetChanges(run.id);
  return ids;
}
