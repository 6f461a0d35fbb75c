import type { InputContent } from "@bellwether/plausibility/check-content";
import type { ColumnProfile } from "@bellwether/plausibility/column-profile";
import type { AlertRuleStore } from "../alerts/evaluate-rules.ts";
import type { AuditEvent } from "../audit/audit-chain.ts";
import type { ActivatedRules } from "../rules/active-rules.ts";
import type { PreviousRun } from "../run-losses.ts";
import type { BandCounts, Run, ScoreComparison } from "../scores/run.ts";
import type { ScorePair } from "../scores/stored-input.ts";
import type { ReportParts, ScoreParts } from "./compose-report.ts";

/**
 * Reads and changes the stored data of a run, all in one database transaction. A run that a `lock` function returned
 * is locked until the transaction ends.
 */
export interface RunLedger {
  readonly alerts: AlertRuleStore;
  /** Returns the latest activation of each rule set. */
  activatedRules(): Promise<readonly ActivatedRules[]>;
  /** Returns a run without a lock. */
  find(runId: number): Promise<Run | undefined>;
  lock(runId: number): Promise<Run | undefined>;
  /**
   * Returns the newest run of the week that is neither voided nor superseded. Makes the next revision, with fence 0,
   * when there is none, or when it is complete and a new revision was requested.
   */
  lockWeek(isoWeek: string, modelName: string): Promise<Run>;
  /** Returns the complete run of the week. */
  lockComplete(isoWeek: string, modelName: string): Promise<Run | undefined>;
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
  previousWeek(isoWeek: string, modelName: string): Promise<PreviousRun | null>;
  /** Returns the newest other week of the model with a complete run of the same source. Empty: there is none. */
  weekOfSource(sourceDigest: string, run: Pick<Run, "isoWeek" | "modelName">): Promise<string>;
  /** Lists the inputs of the complete runs of other weeks of the model, newest week first, at most 60. */
  otherInputs(run: Pick<Run, "isoWeek" | "modelName">): Promise<readonly InputContent[]>;
  /** Returns the profile of the input of a run. Empty: it has none. */
  readProfile(runId: number): Promise<readonly ColumnProfile[]>;
  /** Reads what the weekly report needs of the published scores of a run. */
  readScoreParts(runId: number): Promise<ScoreParts>;
  /** Reads what else the weekly report of a complete run needs. @param supplierIds internal ids of suppliers to name */
  readReportParts(run: Pick<Run, "id" | "modelName" | "isoWeek">, supplierIds: readonly number[]): Promise<ReportParts>;
  /** Stores the report of a run. @param report JSON */
  writeReport(runId: number, report: string): Promise<void>;
  writeProfile(runId: number, profile: readonly ColumnProfile[]): Promise<void>;
  /** Returns the latest complete week of a model. Empty: there is none. */
  latestWeek(modelName: string): Promise<string>;
  /** Computes the changes of the scores of a run again, against another previous run. Null: there is none. */
  relink(runId: number, previousRunId: number | null): Promise<void>;
  /**
   * Computes again the score changes of the next complete run after a week, if that run now has another previous run.
   */
  mendChain(after: Pick<Run, "isoWeek" | "modelName">): Promise<void>;
  /** Compares the scores of two runs by supplier. */
  compareScores(beforeId: number, afterId: number): Promise<ScoreComparison>;
  /** Reads what two runs stored about suppliers, for those that have a score in both. */
  readPairs(beforeId: number, afterId: number, suppliers: readonly number[]): Promise<readonly ScorePair[]>;
  /** Makes the scores of the run visible, one row per supplier. */
  publishScores(runId: number): Promise<BandCounts>;
  /** Appends events in this order. */
  appendAudit(...events: readonly Omit<AuditEvent, "eventId" | "occurredUs">[]): Promise<void>;
}

/** Runs `work` in one transaction, which is rolled back when `work` fails. */
export type Transact = <T>(work: (ledger: RunLedger) => Promise<T>) => Promise<T>;
