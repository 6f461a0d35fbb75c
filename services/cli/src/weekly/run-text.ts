import { oneLine } from "@bellwether/contract/reason-text";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type BatchRun, CheckOutcome, type RunCheck, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { countText } from "@bellwether/reasons/count-text";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type GivenOptions, weeklyCommandText } from "../output/given-options.ts";

const STATES: Readonly<Record<RunState, string>> = {
  [RunState.UNSPECIFIED]: "unknown",
  [RunState.RUNNING]: "running",
  [RunState.COMPLETE]: "complete",
  [RunState.FAILED]: "failed",
  [RunState.HELD]: "held",
  [RunState.MISSED]: "missed",
  [RunState.VOIDED]: "voided",
  [RunState.SUPERSEDED]: "superseded",
};

/** Names of the states that a run can have. */
export const STATE_NAMES: readonly string[] = Object.values(STATES).filter((name) => name !== "unknown");

/** Returns the name of a run's state, lower case. */
export const stateText = (state: RunState): string => STATES[state] ?? String(state);

/** Returns the number of rows of a complete run with the band unknown: they have no risk score. */
export const rowsWithoutScore = ({ bands }: Pick<BatchRun, "bands">): number =>
  Number(bands.find(({ band }) => band === Band.UNKNOWN)?.rows ?? 0);

/** Returns how many of the scored rows have no risk score, to follow "scored"; "" when all have one. */
export const withoutScoreText = (rows: number): string =>
  rows === 0 ? "" : ` (${rows} without a risk score: band unknown)`;

/** Text about a run that a person began with files other than those of the configuration. */
const AS_BEFORE = "with --config and --mapping as before, if they were given";

/** Text about the run of a model by its name. */
const WITHOUT_FOLDER =
  "with --config and --mapping in place of --model, if the model has no folder below config/models";

/**
 * Returns the commands that run a week.
 * @param given options of the command; with a model and no configuration, the text says what to do without a folder of the model
 * @param isAgain whether a person may have run the week before
 */
export function runText(isoWeek: string, given: GivenOptions, isAgain: boolean): string {
  const args = `--week ${isoWeek} --input FILE`;
  const isOfModel = given.model !== undefined && given.config === undefined;
  const byHand = weeklyCommandText("run", args, given);
  const asBefore = isAgain && given.config === undefined ? ` (${AS_BEFORE})` : "";
  return `${weeklyCommandText("trigger", args, given)} (FILE below WEEKLY_INPUT_FOLDER), or ${byHand}${isOfModel ? ` (${WITHOUT_FOLDER})` : asBefore}`;
}

/** Returns how a week whose run was withdrawn is run again. @param given options of the command */
export const againText = (isoWeek: string, given: GivenOptions): string =>
  `to run the week again, as a new revision: ${runText(isoWeek, given, true)}`;

/**
 * Returns what a person can do about a run; "" when nothing is to be done.
 * @param given options of the command, which the commands in the text have too
 */
export function nextStep(
  {
    isoWeek,
    state,
    approved,
    supersedeRequested,
    failure,
  }: Pick<BatchRun, "isoWeek" | "state" | "approved" | "supersedeRequested" | "failure">,
  given: GivenOptions = {},
): string {
  if (state === RunState.HELD && approved)
    return `the scheduler continues it within a minute; if it does not have the file, run it again: ${weeklyCommandText("run", `--week ${isoWeek} --input FILE`, given)} (${AS_BEFORE})`;
  const decide = (name: "approve" | "void") => weeklyCommandText(name, `--week ${isoWeek} --reason TEXT`, given);
  if (state === RunState.HELD)
    return `publish it: ${decide("approve")}; or withdraw it: ${decide("void")}; or run a corrected file`;
  if (state === RunState.MISSED) return `when the file is there: ${runText(isoWeek, given, false)}`;
  if (state === RunState.FAILED) return `correct ${causeOf(failure)}, then: ${runText(isoWeek, given, true)}`;
  if (state === RunState.COMPLETE && supersedeRequested)
    return `the next run of the week is a new revision: ${runText(isoWeek, given, true)}`;
  return "";
}

/** Failures of the SQL of a mapping begin with this: see `MappingSqlError`. */
const MAPPING_FAILURE = /^mapping, /;

/** Returns what a person corrects before a failed week is run again. */
const causeOf = (failure: string): string => (MAPPING_FAILURE.test(failure) ? "the mapping" : "the file or the cause");

/** Returns who approved a run and why; "" when nobody did. */
export function approvalText({ approved }: Pick<BatchRun, "approved">): string {
  if (!approved) return "";
  const { actor, reason, decidedAt } = approved;
  return `${actor} approved it${decidedAt ? ` at ${timestampDate(decidedAt).toISOString()}` : ""}: ${reason}`;
}

const SHOWN_CHECKS = 5;

/** Returns the checks that failed as one text; "" when none failed. */
export function failedChecksText(checks: readonly RunCheck[]): string {
  const failed = checks.filter(({ outcome }) => outcome === CheckOutcome.FAILED);
  const shown = failed.slice(0, SHOWN_CHECKS).map(({ column, detail }) => (column ? `${column}: ${detail}` : detail));
  const more = failed.length > SHOWN_CHECKS ? [`and ${countText(failed.length - SHOWN_CHECKS, "more check")}`] : [];
  return [...shown, ...more].join("; ");
}

/** Returns why a run is in its state, in one line; "" when its state says all. */
export const reasonText = (run: BatchRun): string => oneLine(reasonOf(run));

function reasonOf(run: BatchRun): string {
  if (run.state === RunState.HELD) return failedChecksText(run.checks);
  if (run.state === RunState.FAILED) return run.failure;
  if (run.state === RunState.MISSED) return run.missedReason;
  if (run.state === RunState.VOIDED) return run.voided ? `by ${run.voided.actor}: ${run.voided.reason}` : "";
  return "";
}

/** Returns who asked for a new revision of a complete week and why; "" when nobody did. */
export function supersedeText({ supersedeRequested: asked }: Pick<BatchRun, "supersedeRequested">): string {
  return asked ? oneLine(`${asked.actor} has asked for a new revision: ${asked.reason}`) : "";
}

const SHOWN_OBJECTS = 3;

/** Returns the objects of an object store that a run read, with their entity tags; "" when it read files. */
export function objectsText({ inputObjects }: Pick<BatchRun, "inputObjects">): string {
  const shown = inputObjects.slice(0, SHOWN_OBJECTS).map(({ url, etag }) => `${url} (entity tag ${etag})`);
  const more = inputObjects.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${countText(more, "more object")}`] : [])].join(", ");
}

/** A run, as the commands print it under --json. */
export function runToJson(run: BatchRun, given: GivenOptions = {}): object {
  return {
    ...{ iso_week: run.isoWeek, model: run.modelName, run_id: run.runId, revision: run.revision },
    ...{
      state: stateText(run.state),
      as_of: run.asOf || null,
      reason: reasonText(run),
      next_step: nextStep(run, given),
    },
    ...{
      // Scores of a held run are not published.
      rows_scored: run.state === RunState.HELD ? 0 : Number(run.rowsScored),
      rows_without_score: rowsWithoutScore(run),
      rows_rejected: Number(run.rowsRejected),
      approved: run.approved !== undefined,
      supersede_requested: run.supersedeRequested
        ? { by: run.supersedeRequested.actor, reason: oneLine(run.supersedeRequested.reason) }
        : null,
    },
    input_objects: run.inputObjects.map(({ url, etag, bytes }) => ({ url, etag, bytes: Number(bytes) })),
  };
}

/** Returns the message for a model that has no run. @param models names of the models that have one */
export function noRunsText(model: string, models: ReadonlySet<string>): string {
  const known = models.size === 0 ? "no model has a run" : `models with runs: ${[...models].sort().join(", ")}`;
  return `the model ${JSON.stringify(model)} has no run; ${known}`;
}
