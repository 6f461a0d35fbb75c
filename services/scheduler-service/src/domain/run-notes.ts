import { isoWeekStart } from "@bellwether/contract/iso-week";
import type { BatchRun } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { ChangedAttribute } from "@bellwether/ingest/mapping/changed-attributes";
import { describeReasons, type RejectedReasonSample } from "./rejected-reasons.ts";

/** What happened to a run besides its record in the ledger. */
export interface RunCircumstances {
  readonly wasComplete: boolean;
  /** An earlier attempt had another source or configuration, and was dropped. */
  readonly begunAnew: boolean;
  /** Why rows were rejected when reading and mapping. */
  readonly rejected: readonly RejectedReasonSample[];
  /** Newest snapshot date of the rows, ISO; null: they have none, or it is not recorded. */
  readonly newestAsOf: string | null;
  /** Rows whose supplier id lost what cannot be seen, and those of them that are duplicates since; null: not recorded. */
  readonly cleanedIds: { readonly rows: number; readonly duplicates: number } | null;
  /** Attributes that are not kept as the input has them, by attribute and change; null: not recorded. */
  readonly changedAttributes: readonly ChangedAttribute[] | null;
  /** Somebody accepted losses beforehand. */
  readonly acceptsLosses: boolean;
  /** Week that drift is measured against; null: there is none. */
  readonly reference: string | null;
  /** Features whose drift can be measured: numbers and categories. */
  readonly features: readonly string[];
}

/** With fewer rows the population stability index is mostly chance: about 18 / rows is expected without any drift. */
const DRIFT_MIN_ROWS = 500n;

/** What must be said of a complete run beside its counts, one sentence each. */
export function runNotes(run: BatchRun, how: RunCircumstances): string[] {
  const {
    wasComplete,
    begunAnew,
    acceptsLosses,
    rejected,
    newestAsOf,
    cleanedIds,
    changedAttributes,
    reference,
    features,
  } = how;
  const { isoWeek, losses, model, forceFuture } = run;
  const notes: string[] = [];
  if (wasComplete && (run.sourceDigest === "" || run.configHash === ""))
    notes.push(`${isoWeek} was run before sources were recorded: the file was not compared with that of the run`);
  if (newestAsOf !== null) notes.push(dateNote(isoWeek, newestAsOf));
  if (begunAnew)
    notes.push("begun anew: an earlier attempt had another source or configuration; nothing of it was published");
  if (run.overtakenBy)
    notes.push(`rules not evaluated: ${run.overtakenBy} was complete before ${isoWeek}; alerts stay as they were`);
  if (forceFuture) notes.push(`forced before the week began, by ${forceFuture.actor}: ${forceFuture.reason}`);
  if (losses?.accepted)
    notes.push(
      `losses accepted by ${losses.accepted.actor}: ${losses.accepted.reason} (${losses.rowsRejected} rows rejected, ${losses.suppliers} suppliers` +
        `${losses.previousSuppliers === undefined ? "" : `, ${losses.previousSuppliers} in ${losses.previousWeek}`})`,
    );
  else if (acceptsLosses && wasComplete) notes.push("the acceptance of losses is not recorded: nothing was run");
  else if (acceptsLosses)
    notes.push("the acceptance of losses was not needed and is not recorded: no limit was exceeded");
  if (losses && losses.previousSuppliers === undefined)
    notes.push("number of suppliers not compared: there is no earlier complete week of this model");
  // The notes are logged.
  if (losses?.accepted && rejected.length > 0) notes.push(`rejected: ${describeReasons(rejected, false)}`);
  if (losses && losses.rowsRepeated > 0n) notes.push(`${losses.rowsRepeated} rows repeat an earlier row exactly`);
  if (cleanedIds !== null && cleanedIds.rows > 0)
    notes.push(
      `${cleanedIds.rows} supplier ids lost characters that cannot be seen or white space around them; ` +
        `${cleanedIds.duplicates} rows are duplicates since`,
    );
  for (const { attribute, change, rows } of changedAttributes ?? [])
    notes.push(`${attribute} of ${rows} suppliers: ${change}`);
  if (model && run.configHash !== "" && model.configHash !== run.configHash)
    notes.push(
      model.configHash === ""
        ? `${model.name} ${model.version} records no configuration: that of the run (${run.configHash}) was not compared`
        : `the configuration of the run (${run.configHash}) is not the one that ${model.name} ${model.version} was trained with (${model.configHash})`,
    );
  return [...notes, ...driftNotes(run, reference, features)];
}

const DAY_MS = 86_400_000;
/** Older data is seldom that of the week. */
const MAX_AGE_DAYS = 31;

function dateNote(isoWeek: string, newestAsOf: string): string {
  const monday = isoWeekStart(isoWeek);
  const days = Math.round((Date.parse(monday) - Date.parse(newestAsOf)) / DAY_MS);
  if (days <= MAX_AGE_DAYS) return `the newest snapshot date of the data is ${newestAsOf}`;
  return `warning: the newest snapshot date of the data is ${newestAsOf}, ${days} days before ${isoWeek} begins (${monday}); check that the file is that of the week`;
}

function driftNotes({ drift, rowsScored }: BatchRun, reference: string | null, features: readonly string[]): string[] {
  if (reference === null) return ["drift not measured: there is no report of an earlier week"];
  const notes: string[] = [];
  const measured = new Set(drift.map(({ feature }) => feature));
  const others = features.filter((name) => !measured.has(name));
  if (others.length > 0)
    notes.push(`drift not measured of ${listed(others)}: unknown in ${reference}, which it is measured against`);
  if (rowsScored < DRIFT_MIN_ROWS)
    notes.push(`drift over ${rowsScored} rows is mostly chance; below ${DRIFT_MIN_ROWS} rows it says little`);
  return notes;
}

const SHOWN_NAMES = 10;

function listed(names: readonly string[]): string {
  const more = names.length > SHOWN_NAMES ? ` and ${names.length - SHOWN_NAMES} more` : "";
  return names.slice(0, SHOWN_NAMES).join(", ") + more;
}
