import { isoWeekAt } from "@bellwether/contract/iso-week";
import { oneLine } from "@bellwether/contract/reason-text";
import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import {
  type Schedule,
  ScheduleService,
  type WaitingWeek,
} from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { type GivenOptions, weeklyCommandText } from "../output/given-options.ts";
import { printableStart, TABLE_REASON } from "../output/printable.ts";
import { openOps } from "../remote/ops-client.ts";
import { openPeer } from "../remote/peer-client.ts";
import { SCHEDULER_PEER } from "../remote/peer-url.ts";
import {
  againText,
  nextStep,
  noRunsText,
  objectsText,
  reasonText,
  runText,
  runToJson,
  stateText,
  supersedeText,
} from "./run-text.ts";

/** Options of `bellwether weekly status`. */
export interface StatusOptions {
  readonly model?: string;
  readonly ops?: string;
  readonly scheduler?: string;
}

/** The schedule and the weeks that need a person, as text and as JSON. A week whose new revision was asked for waits for its file. */
export interface WeeklyStatus {
  readonly lines: readonly string[];
  readonly json: object;
}

const LISTED_RUNS = 200;
/** Number of weeks without a complete run that are shown. */
const SHOWN_WEEKS = 20;
const NEEDS_PERSON: ReadonlySet<RunState> = new Set([RunState.HELD, RunState.MISSED, RunState.FAILED]);

/** Reads the state of the weekly runs. A scheduler-service that does not answer is part of the result. */
export async function readStatus(
  context: CliContext,
  options: StatusOptions,
  given: GivenOptions,
): Promise<WeeklyStatus> {
  using ops = openOps(context, options.ops, BatchService);
  const { runs, nextPageToken } = await ops.answer(ops.client.listRuns({ pageSize: LISTED_RUNS }));
  const { model } = options;
  const shown = model === undefined ? runs : runs.filter((run) => run.modelName === model);
  if (model !== undefined && shown.length === 0)
    throw new UsageError(noRunsText(model, new Set(runs.map(({ modelName }) => modelName))));
  const schedules = await readSchedules(context, options.scheduler);
  const own = Array.isArray(schedules)
    ? schedules.filter((one) => [undefined, one.modelName].includes(model) || one.modelName === "")
    : [];
  const [schedule = Array.isArray(schedules) ? noSchedule(model) : schedules, ...others] = own;
  const { lines, json } = weeklyStatus(shown, schedule, given, others);
  if (nextPageToken === "") return { lines, json };
  const note = `only the ${LISTED_RUNS} runs that were started last are considered; all: npx bellwether weekly list`;
  return { lines: [...lines, note], json };
}

/** Returns how far a run is. @param schedules of the scheduler. Empty: not known */
function runningText(name: string, run: BatchRun, schedules: readonly Schedule[]): string {
  const rows = `${run.rowsScored} of ${run.rowsRead ?? "?"} rows scored`;
  const isScheduled = schedules.some(({ modelName }) => [run.modelName, ""].includes(modelName));
  return schedules.length === 0 || isScheduled
    ? `${name} is running: ${rows}`
    : `${name} has not ended: ${rows}; scheduler-service has no model ${run.modelName}, so it does not continue the run`;
}

const noSchedule = (model: string | undefined): Error =>
  new Error(
    model === undefined ? "scheduler-service has no schedule" : `scheduler-service has no schedule of ${model}`,
  );

/** Reads the schedules, that of the default model first. */
async function readSchedules(context: CliContext, url: string | undefined): Promise<Schedule[] | Error> {
  using scheduler = openPeer(context, SCHEDULER_PEER, url, ScheduleService);
  try {
    const { schedules } = await scheduler.answer(scheduler.client.listSchedules({}));
    return schedules;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * @param runs latest first; of each week and model, the newest revision counts
 * @param given options of the command, which the commands in the text have too
 * @param others schedules of further models. None: `schedule` is that of all models
 */
export function weeklyStatus(
  runs: readonly BatchRun[],
  schedule: Schedule | Error,
  given: GivenOptions = {},
  others: readonly Schedule[] = [],
): WeeklyStatus {
  const newest = new Map(runs.toReversed().map((run) => [`${run.isoWeek} ${run.modelName}`, run]));
  const weeks = [...newest.values()].sort((a, b) => (a.isoWeek < b.isoWeek ? 1 : -1));
  // An earlier revision is shown as long as a newer one is held or was withdrawn.
  const complete = runs.filter(({ state }) => state === RunState.COMPLETE);
  const newestFirst = complete.toSorted((a, b) => (a.isoWeek < b.isoWeek ? 1 : -1));
  const lasts = [...new Map(newestFirst.toReversed().map((run) => [run.modelName, run])).values()].sort((a, b) =>
    a.modelName < b.modelName ? -1 : 1,
  );
  const [last] = newestFirst;
  // A new revision that was begun is shown with its own state.
  const asked = newestFirst.filter((run) => run.supersedeRequested && weeks.includes(run));
  const open = weeks.filter(({ state }) => NEEDS_PERSON.has(state));
  const overtaken = weeks.filter((run) => isOvertaken(run, newest.get(`${run.overtakenBy} ${run.modelName}`)));
  const withdrawn = weeks.filter((run) => isWithdrawn(run, lasts));
  const running = weeks.filter(({ state }) => state === RunState.RUNNING);
  const models = new Set(weeks.map(({ modelName }) => modelName));
  const name = (run: BatchRun): string => (models.size > 1 ? `${run.isoWeek} of ${run.modelName}` : run.isoWeek);
  // With several models, a decision needs the name of the model.
  const givenFor = (run: BatchRun): GivenOptions => (models.size > 1 ? { ...given, model: run.modelName } : given);
  const schedules = schedule instanceof Error ? [] : [schedule, ...others];
  /** The model to which a schedule applies. Undefined: all models. */
  const modelOf = (one: Schedule): string | undefined => (others.length === 0 ? undefined : one.modelName);
  const waiting = schedules.flatMap((one) =>
    one.waiting.flatMap((week) => {
      const model = modelOf(one);
      return hasEnded(weeks, week.isoWeek, model) ? [] : [{ week, model }];
    }),
  );
  const waitOf = (run: BatchRun): string | undefined => {
    const found = waiting.find(
      ({ week, model }) => week.isoWeek === run.isoWeek && (model ?? run.modelName) === run.modelName,
    );
    return found && waitText(found.week);
  };
  return {
    lines: [
      ...lasts.slice(0, SHOWN_WEEKS).map((run) => lastText(name(run), run)),
      ...(last === undefined ? ["last complete week: none"] : []),
      ...(others.length === 0
        ? [scheduleText(schedule, given)]
        : schedules.map((one) => `${one.modelName}: ${scheduleText(one, { ...given, model: one.modelName })}`)),
      ...running.map((run) => runningText(name(run), run, schedules)),
      ...waiting
        .filter(
          ({ week, model }) =>
            !open.some((run) => run.isoWeek === week.isoWeek && (model ?? run.modelName) === run.modelName),
        )
        .map(
          ({ week, model }) => `${week.isoWeek}${model === undefined ? "" : ` of ${model}`} waits: ${waitText(week)}`,
        ),
      ...asked.slice(0, SHOWN_WEEKS).map((run) => askedText(name(run), run, givenFor(run))),
      ...open.slice(0, SHOWN_WEEKS).map((run) => openText(name(run), run, givenFor(run), waitOf(run))),
      ...(open.length > SHOWN_WEEKS ? [`and ${open.length - SHOWN_WEEKS} older weeks`] : []),
      ...withdrawn.slice(0, SHOWN_WEEKS).map((run) => withdrawnText(name(run), run, givenFor(run))),
      ...overtaken.slice(0, SHOWN_WEEKS).map((run) => overtakenText(name(run), run, givenFor(run))),
      // These weeks have their next step above.
      ...([open, asked, withdrawn, overtaken].every(({ length }) => length === 0) ? ["no week needs a decision"] : []),
    ],
    json: {
      last_complete_week: last?.isoWeek ?? null,
      last_complete: last ? runToJson(last) : null,
      last_complete_of_models: lasts.map((run) => runToJson(run)),
      supersede_requested: asked.map((run) => runToJson(run, givenFor(run))),
      ...(schedule instanceof Error
        ? { schedule: null, schedule_error: schedule.message }
        : { schedule: scheduleToJson(schedule), schedules: schedules.map(scheduleToJson) }),
      running: running.map((run) => runToJson(run, givenFor(run))),
      waiting: waiting.map(({ week: { isoWeek, deadlineAt, reason }, model }) => ({
        ...{ iso_week: isoWeek, reason, missed_after: deadlineAt ? timeText(deadlineAt) : null },
        ...(model !== undefined && { model }),
      })),
      open: open.map((run) => runToJson(run, givenFor(run))),
      withdrawn: withdrawn.map((run) => runToJson(run, givenFor(run))),
      overtaken: overtaken.map((run) => ({ ...runToJson(run, givenFor(run)), overtaken_by: run.overtakenBy })),
    },
  };
}

/**
 * Whether a revision was made after a later week was complete, so that the rules were not evaluated with it, and the
 * later week was not run again since.
 * @param later newest run of the later week
 */
const isOvertaken = ({ state, revision, runId }: BatchRun, later: BatchRun | undefined): boolean =>
  state === RunState.COMPLETE &&
  revision > 1 &&
  later?.state === RunState.COMPLETE &&
  later.supersedeRequested === undefined &&
  later.runId < runId;

/** Whether the run of a week was withdrawn, and its model has no complete week since. @param lasts last complete weeks */
function isWithdrawn({ state, isoWeek, modelName }: BatchRun, lasts: readonly BatchRun[]): boolean {
  const last = lasts.find((run) => run.modelName === modelName);
  return state === RunState.VOIDED && (last === undefined || last.isoWeek < isoWeek);
}

/**
 * Whether the run of a week is in progress or has ended: the scheduler looks at the weeks at intervals, so that it may
 * still wait for it.
 * @param model undefined: the runs of all models must have ended
 */
function hasEnded(weeks: readonly BatchRun[], isoWeek: string, model: string | undefined): boolean {
  const runs = weeks.filter((run) => run.isoWeek === isoWeek && (model ?? run.modelName) === run.modelName);
  return runs.length > 0 && runs.every(({ state }) => !NEEDS_PERSON.has(state));
}

const lastText = (name: string, run: BatchRun): string =>
  `last complete week: ${name}, ${countText(run.rowsScored, "supplier")}, ${countText(run.alertsRaised, "alert")} raised${fromObjects(run)}`;

const askedText = (name: string, run: BatchRun, given: GivenOptions): string =>
  `${name}: ${supersedeText(run)}; the complete run is shown until then\n  ${nextStep(run, given)}`;

function withdrawnText(name: string, run: BatchRun, given: GivenOptions): string {
  const reason = printableStart(reasonText(run), SHOWN_REASON);
  return `${name} is withdrawn${reason && ` ${reason}`}\n  ${againText(run.isoWeek, given)}`;
}

function overtakenText(name: string, { revision, overtakenBy }: BatchRun, given: GivenOptions): string {
  const supersede = weeklyCommandText("supersede", `--week ${overtakenBy} --reason TEXT`, given);
  return `revision ${revision} of ${name}: the rules were not evaluated with it, because ${overtakenBy} was complete before\n  for alerts with it: ${supersede}; then ${runText(overtakenBy, given, true)}`;
}

const fromObjects = (run: BatchRun): string => (run.inputObjects.length > 0 ? `; from ${objectsText(run)}` : "");

const waitText = ({ deadlineAt, reason }: WaitingWeek): string =>
  `${oneLine(reason)}${deadlineAt ? `; missed after ${timeText(deadlineAt)}` : ""}`;

/** Maximum number of characters of a reason in the status; --json has all of them. */
const SHOWN_REASON = 4 * TABLE_REASON;

/** @param wait what the scheduler waits for before it runs the week. Undefined: it does not wait */
function openText(name: string, run: BatchRun, given: GivenOptions, wait: string | undefined): string {
  const reason = printableStart(reasonText(run), SHOWN_REASON);
  const state = `${stateText(run.state)}${run.state === RunState.HELD && run.approved ? `, and ${run.approved.actor} has approved it` : ""}`;
  const step = wait === undefined ? nextStep(run, given) : `the scheduler: ${wait}`;
  return `${name} is ${state}${reason && `: ${reason}`}${fromObjects(run)}${step && `\n  ${step}`}`;
}

function scheduleText(schedule: Schedule | Error, given: GivenOptions): string {
  if (schedule instanceof Error) return `next run: not known: ${schedule.message}`;
  const { cron, timeZone, paused, nextRunAt } = schedule;
  const pattern = `schedule "${cron}" in ${timeZone}`;
  if (paused) return `next run: none, the schedule is paused (${weeklyCommandText("resume", "", given)}); ${pattern}`;
  return nextRunAt
    ? `next run: ${timeText(nextRunAt)} (${nextWeek(schedule)}); ${pattern}`
    : `next run: none; ${pattern}`;
}

/** Returns the week of the next run: the one in which it is due, in the time zone of the schedule. Null: the schedule is paused. */
const nextWeek = ({ nextRunAt, timeZone }: Schedule): string | null =>
  nextRunAt ? isoWeekAt(timestampDate(nextRunAt), timeZone) : null;

function scheduleToJson(schedule: Schedule): object {
  const { modelName, cron, timeZone, paused, nextRunAt } = schedule;
  return {
    ...(modelName !== "" && { model: modelName }),
    ...{ cron, time_zone: timeZone, paused },
    ...{ next_run: nextRunAt ? timeText(nextRunAt) : null, next_week: nextWeek(schedule) },
  };
}

const timeText = (time: Timestamp): string => timestampDate(time).toISOString();
