import type { AlertRules, RuleSet } from "@bellwether/config/alert-rules";
import type { RiskPolicy } from "@bellwether/config/risk-policy";
import type { AuditCheckpoint } from "@bellwether/contract/audit/checkpoint";
import { type Check, failedChecks } from "@bellwether/plausibility/check";
import type { ColumnProfile } from "@bellwether/plausibility/column-profile";
import type { LossLimit } from "@bellwether/plausibility/losses";
import { countText } from "@bellwether/reasons/count-text";
import { type AlertChange, isActive, RULES_ACTOR } from "../alerts/alert.ts";
import { evaluateRuleSets } from "../alerts/evaluate-rule-sets.ts";
import type { AlertRuleStore, RuleRun, SetScope } from "../alerts/evaluate-rules.ts";
import { type DivideChanges, type DividedChange, modelChangeOf } from "../alerts/model-change.ts";
import { countIds, describeRuleChanges } from "../alerts/rule-changes.ts";
import { ChecksFailedError, LossLimitError, RunMismatchError } from "../ops-error.ts";
import { activeRuleSets } from "../rules/active-rules.ts";
import { orderChecks, unapprovedChecks } from "../run-check.ts";
import { measureRunLosses, type Override, type RunLosses, withLossChecks } from "../run-losses.ts";
import type { RevisionChanges, Run, RunLease } from "../scores/run.ts";
import { describeDriftAlarms, type FeatureDrift, inOrder } from "../scores/run-drift.ts";
import type { ScorePair } from "../scores/stored-input.ts";
import { composeReport, type InputReport, reportedSuppliers } from "./compose-report.ts";
import { hold } from "./decide-run.ts";
import { MAX_RECORDED_CHECKS, recordRun } from "./record-run.ts";
import { replaceRun } from "./replace-run.ts";
import { checkLease, checkOpen } from "./run-lease.ts";
import type { RunLedger, Transact } from "./run-ledger.ts";

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
  /**
   * Publishes the run even if it exceeds the limits of the risk policy or checks of its input failed. Null: such a run
   * is not published.
   */
  readonly acceptLosses: Override | null;
  /** Checks of the input. Empty: those that are stored. */
  readonly checks: readonly Check[];
  /** Empty: the stored one. */
  readonly profile: readonly ColumnProfile[];
  /** Digest of the mapped rows, independent of their order. Empty: not known. */
  readonly contentDigest: string;
  /** Files and rejected rows for the report. Null: the report has none. */
  readonly inputReport: InputReport | null;
}

export interface CompleteRunOptions {
  /** The rules of the file. An activated rule set replaces that of the file with the same id. */
  readonly rules: AlertRules;
  readonly policy: RiskPolicy;
  readonly now: () => Date;
  readonly newId: () => string;
  /** Lets calls run that wait for the thread. */
  readonly yieldToOthers: () => Promise<void>;
  /** Divides changes of scores with ml-service. It never fails: what was not computed is said in the result. */
  readonly divideChanges: (pairs: readonly ScorePair[]) => Promise<ReadonlyMap<number, DividedChange>>;
  /** The signed head of the audit log before the completion, for the report. Null: there is none. */
  readonly checkpoint: AuditCheckpoint | null;
}

/**
 * Publishes the scores of a run and evaluates the alert rules, in one transaction. Alerts that only get new values are
 * written after it: see `deferValues`. A complete run is returned unchanged. If the same week has a complete run, that
 * run is superseded. A run is held if it lost more rows than the policy allows or if a check failed, unless somebody has
 * accepted the losses or approved the run. Nothing of a held run is published. It keeps its chunks, so it can continue
 * after an approval.
 * @throws RunNotFoundError, RunFencedError, RunHeldError, RunStateError, RunMismatchError, LossLimitError,
 * ChecksFailedError
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
    if (!(error instanceof LossLimitError || error instanceof ChecksFailedError)) throw error;
    const { policyHash } = options.policy;
    const { losses } = error;
    await transact(async (ledger) => {
      const run = await ledger.lock(lease.runId);
      checkLease(run, lease);
      checkOpen(run);
      await ledger.update(run.id, { losses, policyHash });
      const checks = withLossChecks(checksOf(run, totals), losses);
      return await hold(ledger, run, { checks, profile: totals.profile, actor: SERVICE_ACTOR });
    });
    throw error;
  }
}

const SERVICE_ACTOR = "ops-service";

const checksOf = (run: Run, { checks }: Pick<RunTotals, "checks">): readonly Check[] =>
  checks.length > 0 ? orderChecks(checks) : run.checks;

function publishRun(
  transact: Transact,
  lease: RunLease,
  totals: RunTotals,
  { rules, policy, now: clock, newId, yieldToOthers, divideChanges, checkpoint }: CompleteRunOptions,
): Promise<Run> {
  return transact(async (ledger) => {
    const found = await ledger.find(lease.runId);
    // Before the run is locked, as in VoidRun, which changes other runs of the model.
    if (found) await ledger.alerts.lockModel(found.modelName);
    const run = await ledger.lock(lease.runId);
    if (run?.state === "complete") return run;
    // What a killed process has left of an earlier run.
    if (run) await ledger.alerts.applyValues(run.modelName, clock());
    checkLease(run, lease);
    checkOpen(run);
    checkChunks(run.id, totals.chunksTotal, await ledger.receivedChunks(run.id));
    checkCounts(run, totals);
    const { acceptLosses, rowsRead, rowsRejected, chunksTotal, profile } = totals;
    const second = await ledger.dropSecondRows(run.id);
    const rowsScored = run.rowsScored - second;
    const rowsInvalid = run.rowsInvalid + second;
    const previous = await ledger.previousWeek(run.isoWeek, run.modelName);
    const measured = measureRunLosses(
      { ...totals, rowsInvalid, suppliers: rowsScored },
      previous,
      policy,
      acceptLosses,
    );
    const losses = { ...measured, accepted: measured.accepted ?? approvedLosses(measured.exceeded, run) };
    const given = checksOf(run, totals);
    const open = run.approved === null ? failedChecks(given) : unapprovedChecks(given, run.checks);
    if (open.length > 0 && acceptLosses === null) throw new ChecksFailedError(run.isoWeek, open, losses);
    const checks = withLossChecks(given, losses);
    if (losses.exceeded.length > 0 && losses.accepted === null) throw new LossLimitError(run.isoWeek, losses);
    const now = clock();
    if ((previous?.runId ?? null) !== run.previousRunId) await ledger.relink(run.id, previous?.runId ?? null);
    const bands = await ledger.publishScores(run.id);
    if (profile.length > 0) await ledger.writeProfile(run.id, profile);
    // Read before the rules lock alerts: persons wait for these locks.
    const scoreParts = await ledger.readScoreParts(run.id);
    const superseded = await supersede(ledger, run);
    const before = previous ? await ledger.find(previous.runId) : undefined;
    const change = modelChangeOf(before, run.scoredBy);
    const divide: DivideChanges = async (suppliers) =>
      divideChanges(before ? await ledger.readPairs(before.id, run.id, suppliers) : []);
    const ruleRun = {
      runId: run.id,
      modelName: run.modelName,
      now,
      newId,
      yieldToOthers,
      ...(change && { modelChange: { ...change, divide } }),
    };
    const sets = activeRuleSets(rules, await ledger.activatedRules()).map((active) => active.rules);
    const { changes, decided, ...outcome } = await evaluate(ledger, sets, ruleRun, { run, superseded });
    const ruleSets = outcome.overtakenBy === "" ? sets.map(({ id, hash }) => ({ id, hash })) : [];
    const approved =
      run.approved ?? (open.length > 0 && acceptLosses ? { ...acceptLosses, decidedMs: now.getTime() } : null);
    const complete = await ledger.update(run.id, {
      ...{
        rowsRead,
        rowsRejected,
        chunksTotal,
        rowsScored,
        rowsInvalid,
        bands,
        losses,
        approved,
        ...outcome,
        ruleSets,
      },
      ...{ state: "complete", stage: "complete", failure: "", completedAt: now, policyHash: policy.policyHash },
      contentDigest: totals.contentDigest,
      ...{ checks, checksFailed: failedChecks(checks).length, supersedesRunId: superseded?.id ?? null },
      changes: superseded && (await revisionChanges(ledger, run.id, superseded.id, changes)),
      drift: inOrder(totals.drift),
    });
    // The values of the superseded run were withdrawn in this transaction, so it also writes those of the run.
    if (superseded) await ledger.alerts.applyValues(run.modelName, now);
    await ledger.mendChain(run);
    const parts = await ledger.readReportParts(complete, reportedSuppliers(decided));
    const report = composeReport(complete, { ...scoreParts, ...parts }, decided, {
      input: totals.inputReport,
      checkpoint,
    });
    await ledger.writeReport(run.id, JSON.stringify(report));
    if (losses.accepted !== null) await recordAccepted(ledger, complete, losses, losses.accepted);
    if (open.length > 0 && acceptLosses) await recordApproved(ledger, complete, open, acceptLosses);
    await recordComplete(ledger, complete, changes);
    return complete;
  });
}

/** Returns the approval of a held run as an acceptance of its losses, when a check of each exceeded limit was approved. */
function approvedLosses(exceeded: readonly LossLimit[], { approved, checks }: Run): Override | null {
  if (approved === null || exceeded.length === 0) return null;
  const kinds = new Set<string>(failedChecks(checks).map(({ kind }) => kind));
  return exceeded.every((limit) => kinds.has(limit)) ? { reason: approved.reason, actor: approved.actor } : null;
}

/** Sets the complete run of the same week to superseded. Null: there is none. */
async function supersede(ledger: RunLedger, { id, isoWeek, modelName }: Run): Promise<Run | null> {
  const served = await ledger.lockComplete(isoWeek, modelName);
  if (!served) return null;
  const superseded = await ledger.update(served.id, {
    ...{ state: "superseded", supersededByRunId: id, supersedeRequested: null },
  });
  const { supersedeRequested: requested } = served;
  const by = { actor: requested?.actor ?? SERVICE_ACTOR, reason: requested?.reason ?? "", supersededByRunId: id };
  await recordRun(ledger, superseded, { kind: "run.superseded", ...by });
  return superseded;
}

/** Evaluates the rules on a run; when it supersedes another one, as if that one had not been. */
async function evaluate(
  ledger: RunLedger,
  sets: readonly RuleSet[],
  ruleRun: RuleRun,
  { run, superseded }: { readonly run: Run; readonly superseded: Run | null },
) {
  const { alerts } = ledger;
  if (superseded === null || (await alerts.overtakenBy(run.id)) !== null) {
    const outcome = await evaluateRuleSets(within(alerts), sets, ruleRun);
    return { ...outcome, decided: outcome.changes };
  }
  await alerts.restoreValues(superseded.id);
  const undone = await alerts.lockChanges(superseded.id, { after: "", limit: null });
  await alerts.forgetChanges(superseded.id);
  const { isoWeek, revision } = run;
  const replacement = { runId: run.id, isoWeek, revision, supersededRunId: superseded.id, now: ruleRun.now };
  const replaced = replaceRun(alerts, undone, replacement);
  const outcome = await evaluateRuleSets(within(replaced.store), sets, ruleRun);
  return { ...outcome, ...(await replaced.finish()) };
}

const within =
  (store: AlertRuleStore) =>
  (scope: SetScope | undefined): AlertRuleStore =>
    scope ? store.within(scope) : store;

/** Compares a revision with the revision that it supersedes. */
async function revisionChanges(
  ledger: RunLedger,
  runId: number,
  supersededId: number,
  changes: readonly AlertChange[],
): Promise<RevisionChanges> {
  const ids = (kinds: readonly string[], isWanted: (change: AlertChange) => boolean) =>
    countIds(
      changes.flatMap((change) =>
        isWanted(change) && change.events.some(({ kind }) => kinds.includes(kind)) ? [change.alert.id] : [],
      ),
    );
  return {
    ...(await ledger.compareScores(supersededId, runId)),
    alertsRaised: ids(["raised", "reopened"], ({ alert }) => isActive(alert)),
    alertsCleared: ids(["resolved", "voided"], ({ alert }) => !isActive(alert)),
    alertsChanged: ids(["escalated", "deescalated"], ({ alert }) => isActive(alert)),
  };
}

async function recordComplete(ledger: RunLedger, run: Run, changes: readonly AlertChange[]): Promise<void> {
  const { isoWeek, modelName, scoredBy, rowsScored, rowsRejected, rowsInvalid, alertsRaised, overtakenBy } = run;
  const reported = {
    ...{ isoWeek, modelName, version: scoredBy?.version ?? "", rowsScored, rejected: rowsRejected + rowsInvalid },
    ...{ alertsRaised, overtakenBy, ruleSets: run.ruleSets },
    ...(run.revision > 1 && { revision: run.revision }),
    ...(run.supersedesRunId !== null && { supersedesRunId: run.supersedesRunId, changes: run.changes }),
  };
  const subject = `run/${run.id}`;
  const changed = describeRuleChanges(changes);
  const evaluated = changed && { kind: "alerts.evaluated", actor: RULES_ACTOR, subject, payload: changed };
  const completed = { kind: "run.completed", actor: SERVICE_ACTOR, subject, payload: JSON.stringify(reported) };
  const alarms = describeDriftAlarms(run.drift);
  const drifted = alarms && {
    ...{ kind: "run.drift_alarms", actor: SERVICE_ACTOR, subject },
    payload: JSON.stringify({ isoWeek, modelName, ...alarms }),
  };
  await ledger.appendAudit(completed, ...(evaluated ? [evaluated] : []), ...(drifted ? [drifted] : []));
}

/** Records the checks that an approval given beforehand approved. */
function recordApproved(
  ledger: RunLedger,
  run: Run,
  checks: readonly Check[],
  { reason, actor }: Override,
): Promise<void> {
  return recordRun(ledger, run, {
    ...{ kind: "run.checks_accepted", actor, reason },
    checks: checks.slice(0, MAX_RECORDED_CHECKS),
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
