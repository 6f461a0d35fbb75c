import { DEFAULT_CHUNK_ROWS } from "@bellwether/contract/chunk-rows";
import { isoWeekStart } from "@bellwether/contract/iso-week";
import type { BatchRun, RevisionChanges, RunLosses } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { ChangedAttribute } from "@bellwether/ingest/mapping/changed-attributes";
import type { LaterRows } from "@bellwether/ingest/snapshot/weekly-snapshot";
import { ageOfData } from "@bellwether/plausibility/check-age";
import { countText } from "@bellwether/reasons/count-text";
import { describeReasons, type RejectedReasonSample } from "./rejected-reasons.ts";
import { CHECK_FAILED } from "./stages.ts";

/** Facts about a run that its record in the ledger does not have. */
export interface RunCircumstances {
  readonly wasComplete: boolean;
  /** True when an earlier attempt had another source or configuration, or chunks of an unknown size, and was dropped. */
  readonly begunAnew: boolean;
  /** Reasons for which reading and mapping rejected rows. */
  readonly rejected: readonly RejectedReasonSample[];
  /** Newest snapshot date of the rows, ISO. Null when the rows have no date or it was not recorded. */
  readonly newestAsOf: string | null;
  /**
   * Rows whose supplier id had invisible characters or surrounding white space removed, and how many of them
   * became duplicates. Null when not recorded.
   */
  readonly cleanedIds: { readonly rows: number; readonly duplicates: number } | null;
  /** How files were read that are not what their names and the mapping say, one sentence each. Absent: not recorded. */
  readonly readingNotes?: readonly string[];
  /** Number of rows that were left out because their supplier has a newer one. Absent: not recorded. */
  readonly olderRows?: number;
  /** Rows that were not used because they are dated after the week. Null: none; absent: not recorded. */
  readonly laterRows?: LaterRows | null;
  /** Attributes that are stored differently from the input, by attribute and change. Null when not recorded. */
  readonly changedAttributes: readonly ChangedAttribute[] | null;
  /** What looks wrong in the input although no check failed, one sentence each. Absent: not known. */
  readonly warnings?: readonly string[];
  /** Why suppliers have no score, one sentence. Null or absent: each has one, or it is not known. */
  readonly unscored?: string | null;
  /** Why the scheduler started the run late or again. Empty: a person started it, or the schedule did on time. */
  readonly remark: string;
  /** Path of the input that replaced that of an earlier attempt. Null when none was replaced. */
  readonly correctedInput: string | null;
  /** True when the caller accepted losses in advance. */
  readonly acceptsLosses: boolean;
  /** Remarks on the drift of the week. */
  readonly drift: readonly string[];
  /** Number of suppliers in one chunk, as set with WEEKLY_CHUNK_ROWS. */
  readonly chunkRows: number;
}

/** Remarks on a complete run in addition to its counts, one sentence each. */
export function runNotes(run: BatchRun, how: RunCircumstances): string[] {
  const { wasComplete, begunAnew, acceptsLosses, rejected, newestAsOf, drift } = how;
  const { isoWeek, losses, model, forceFuture } = run;
  const notes: string[] = [];
  if (wasComplete && (run.sourceDigest === "" || run.configHash === ""))
    notes.push(`${isoWeek} was run before sources were recorded: the file was not compared with that of the run`);
  if (newestAsOf !== null) notes.push(dateNote(isoWeek, newestAsOf));
  if (how.remark !== "") notes.push(how.remark);
  if (begunAnew)
    notes.push(
      `started again from the beginning${how.correctedInput === null ? "" : ` with ${how.correctedInput}`}: an earlier attempt had another source or configuration, or chunks of an unknown size; nothing of it was published`,
    );
  if (!wasComplete) notes.push(...chunkNotes(run, how.chunkRows));
  if (run.changes) notes.push(revisionNote(run.revision, run.changes));
  if (run.overtakenBy)
    notes.push(
      `rules not evaluated: ${run.overtakenBy} was complete before ${isoWeek}; alerts are unchanged${run.revision > 1 ? `. ${laterWeekAgain(run)}` : ""}`,
    );
  if (forceFuture) notes.push(`forced before the week began, by ${forceFuture.actor}: ${forceFuture.reason}`);
  if (losses?.accepted)
    notes.push(
      `losses accepted by ${losses.accepted.actor}: ${losses.accepted.reason} (${countText(losses.rowsRejected, "row")} rejected${losses.rowsRepeated > 0n ? ` without ${countText(losses.rowsRepeated, "repeated row")}` : ""}, ${countText(losses.suppliers, "supplier")}` +
        `${losses.previousSuppliers === undefined ? "" : `, ${losses.previousSuppliers} in ${losses.previousWeek}`})`,
    );
  else if (acceptsLosses && wasComplete) notes.push("the acceptance of losses is not recorded: nothing was run");
  else if (acceptsLosses && run.checks.some(({ outcome }) => outcome === CHECK_FAILED))
    notes.push("the approval that was given beforehand published the run; the checks that failed are listed with it");
  else if (acceptsLosses)
    notes.push("the acceptance of losses was not needed and is not recorded: no limit was exceeded");
  if (losses && losses.previousSuppliers === undefined)
    notes.push("number of suppliers not compared: there is no earlier complete week of this model");
  if (losses && !losses.accepted) notes.push(...missingSuppliers(losses));
  // The notes do not contain values of rows, because notes are logged.
  if (rejected.length > 0) notes.push(`rejected: ${describeReasons(rejected, false)}`);
  if (losses) notes.push(...repeatedNotes(losses.rowsRejected + losses.rowsRepeated, losses.rowsRepeated));
  notes.push(...inputNotes(how));
  notes.push(...(how.warnings ?? []));
  if (how.unscored) notes.push(how.unscored);
  if (model && run.configHash !== "" && model.configHash !== run.configHash)
    notes.push(
      model.configHash === ""
        ? `${model.name} ${model.version} has no recorded configuration: that of the run (${run.configHash}) was not compared`
        : `the configuration of the run (${run.configHash}) is not the one that ${model.name} ${model.version} was trained with (${model.configHash})`,
    );
  return [...notes, ...drift];
}

/**
 * Says how many of the rejected rows repeat an earlier row exactly: the limits of rejected rows do not count them.
 * @param rejected all rejected rows
 */
export function repeatedNotes(rejected: number | bigint, repeated: number | bigint): string[] {
  if (Number(repeated) === 0) return [];
  const isOne = Number(repeated) === 1;
  return [
    `${repeated} of the ${countText(rejected, "rejected row")} ${isOne ? "repeats" : "repeat"} an earlier row exactly; the limits of rejected rows do not count ${isOne ? "it" : "them"}`,
  ];
}

/** Says what was left out of the input, or is stored differently. */
export function inputNotes({
  cleanedIds,
  changedAttributes,
  ...how
}: Pick<RunCircumstances, "cleanedIds" | "changedAttributes" | "olderRows" | "laterRows" | "readingNotes">): string[] {
  const notes: string[] = [];
  if (cleanedIds !== null && cleanedIds.rows > 0)
    notes.push(
      `${countText(cleanedIds.rows, "supplier id")} had invisible characters or surrounding white space, which were removed; ` +
        countText(cleanedIds.duplicates, "of these rows is now a duplicate", "of these rows are now duplicates"),
    );
  if (how.olderRows)
    notes.push(`${countText(how.olderRows, "row was", "rows were")} left out, because the supplier has a newer row`);
  if (how.laterRows) notes.push(`${laterText(how.laterRows)}; the run of a later week uses them`);
  notes.push(...(how.readingNotes ?? []));
  for (const { attribute, change, rows } of changedAttributes ?? [])
    notes.push(`${attribute} of ${countText(rows, "supplier")}: ${change}`);
  return notes;
}

/** Says that rows were not used because of their date. */
export const laterText = ({ rows, after }: LaterRows): string =>
  `${countText(rows, "row is", "rows are")} dated after ${after} and not used`;

/** Share of the suppliers of the week before from which on missing suppliers are a warning. */
const WARNED_SHARE = 0.05;

/** Says how many suppliers fewer the week has than the week before, within the limit of the policy. */
function missingSuppliers({ suppliers, previousSuppliers, previousWeek, minSuppliersShare }: RunLosses): string[] {
  if (previousSuppliers === undefined || suppliers >= previousSuppliers) return [];
  const missing = previousSuppliers - suppliers;
  const share = Number(missing) / Number(previousSuppliers);
  // The week may have new suppliers too, so that the difference is the smallest possible number.
  return [
    `${share >= WARNED_SHARE ? "warning: " : ""}at least ${missing} of the ${countText(previousSuppliers, "supplier")} of ${previousWeek} ${missing === 1n ? "is" : "are"} missing ` +
      `(${percent(share)}; the policy allows ${percent(1 - minSuppliersShare)})`,
  ];
}

/** Says how the rules are evaluated after the correction of a week that a later week has overtaken. */
const laterWeekAgain = ({ isoWeek, overtakenBy, modelName }: BatchRun): string =>
  `For alerts with the corrected ${isoWeek}, ask for a new revision of ${overtakenBy} (npx bellwether weekly supersede --week ${overtakenBy} --reason TEXT${modelName === "" ? "" : ` --model ${modelName}`}), then run ${overtakenBy} again`;

/** Says what a revision changed against the one that it replaced. */
function revisionNote(revision: number, changes: RevisionChanges): string {
  const { suppliers, scoresChanged, maxScoreChange, bandsChanged, suppliersAdded, suppliersRemoved } = changes;
  const { alertsRaised, alertsCleared, alertsChanged } = changes;
  const most = maxScoreChange > 0 ? ` (by at most ${Math.ceil(maxScoreChange * 1e4) / 1e4})` : "";
  return (
    `revision ${revision} replaced an earlier revision of the week: ${scoresChanged} of ${countText(suppliers, "score")} changed${most}, ${countText(bandsChanged, "band")}; ` +
    `${countText(suppliersAdded, "supplier")} added, ${suppliersRemoved} removed; ` +
    `alerts: ${alertsRaised?.count ?? 0} raised, ${alertsCleared?.count ?? 0} cleared, ${alertsChanged?.count ?? 0} with another severity`
  );
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** Says with which size of chunks the run was scored, when it is not that of the setting. */
function chunkNotes({ chunkRows }: BatchRun, setting: number): string[] {
  if (chunkRows === setting || (chunkRows === 0 && setting === DEFAULT_CHUNK_ROWS)) return [];
  return [
    chunkRows === 0
      ? `scored in chunks of ${DEFAULT_CHUNK_ROWS} suppliers, not of ${setting} (WEEKLY_CHUNK_ROWS): ops-service does not record the size of chunks; update it`
      : `continued with chunks of ${countText(chunkRows, "supplier")}, with which the run began; the setting of ${setting} (WEEKLY_CHUNK_ROWS) applies to the next run`,
  ];
}

/** Maximum age of the data in days. Older data probably belongs to another week. */
const MAX_AGE_DAYS = 31;

/** Says how old the data of a week is. */
export function dateNote(isoWeek: string, newestAsOf: string): string {
  const monday = isoWeekStart(isoWeek);
  const days = ageOfData(isoWeek, newestAsOf);
  if (days <= MAX_AGE_DAYS) return `the newest snapshot date of the data is ${newestAsOf}`;
  return `warning: the newest snapshot date of the data is ${newestAsOf}, ${days} days before ${isoWeek} begins (${monday}); check that the file is that of the week`;
}
