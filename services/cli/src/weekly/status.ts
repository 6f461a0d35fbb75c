import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { type Schedule, ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { CliContext } from "../context/cli-context.ts";
import { openOps } from "../remote/ops-client.ts";
import { openPeer } from "../remote/peer-client.ts";
import { SCHEDULER_PEER } from "../remote/peer-url.ts";
import { nextStep, reasonText, runToJson, stateText } from "./run-text.ts";

/** Options of `bellwether weekly status`. */
export interface StatusOptions {
  readonly model?: string;
  readonly ops?: string;
  readonly scheduler?: string;
}

/** The schedule and the weeks that need a person, as text and as JSON. */
export interface WeeklyStatus {
  readonly lines: readonly string[];
  readonly json: object;
}

const LISTED_RUNS = 200;
/** Number of weeks without a complete run that are shown. */
const SHOWN_WEEKS = 20;
const NEEDS_PERSON: ReadonlySet<RunState> = new Set([RunState.HELD, RunState.MISSED, RunState.FAILED]);

/** Reads the state of the weekly runs. A scheduler-service that does not answer is part of the result. */
export async function readStatus(context: CliContext, options: StatusOptions): Promise<WeeklyStatus> {
  using ops = openOps(context, options.ops, BatchService);
  const { runs } = await ops.answer(ops.client.listRuns({ pageSize: LISTED_RUNS }));
  const schedule = await readSchedule(context, options.scheduler);
  return weeklyStatus(
    options.model === undefined ? runs : runs.filter((run) => run.modelName === options.model),
    schedule,
  );
}

async function readSchedule(context: CliContext, url: string | undefined): Promise<Schedule | Error> {
  using scheduler = openPeer(context, SCHEDULER_PEER, url, ScheduleService);
  try {
    const { schedules } = await scheduler.answer(scheduler.client.listSchedules({}));
    return schedules[0] ?? new Error("scheduler-service has no schedule");
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** @param runs latest first; of each week and model, the newest revision counts */
export function weeklyStatus(runs: readonly BatchRun[], schedule: Schedule | Error): WeeklyStatus {
  const newest = new Map(runs.toReversed().map((run) => [`${run.isoWeek} ${run.modelName}`, run]));
  const weeks = [...newest.values()].sort((a, b) => (a.isoWeek < b.isoWeek ? 1 : -1));
  const last = weeks.find(({ state }) => state === RunState.COMPLETE);
  const open = weeks.filter(({ state }) => NEEDS_PERSON.has(state));
  const running = weeks.filter(({ state }) => state === RunState.RUNNING);
  const models = new Set(weeks.map(({ modelName }) => modelName));
  const name = (run: BatchRun): string => (models.size > 1 ? `${run.isoWeek} of ${run.modelName}` : run.isoWeek);
  const waiting = schedule instanceof Error ? [] : schedule.waiting;
  return {
    lines: [
      last
        ? `last complete week: ${name(last)}, ${countText(last.rowsScored, "supplier")}, ${countText(last.alertsRaised, "alert")} raised`
        : "last complete week: none",
      scheduleText(schedule),
      ...running.map((run) => `${name(run)} is running: ${run.rowsScored} of ${run.rowsRead ?? "?"} rows scored`),
      ...waiting.map(
        ({ isoWeek, deadlineAt, reason }) =>
          `${isoWeek} waits: ${reason}${deadlineAt ? `; missed after ${timeText(deadlineAt)}` : ""}`,
      ),
      ...open.slice(0, SHOWN_WEEKS).map((run) => openText(name(run), run)),
      ...(open.length > SHOWN_WEEKS ? [`and ${open.length - SHOWN_WEEKS} older weeks`] : []),
      ...(open.length === 0 ? ["no week needs a decision"] : []),
    ],
    json: {
      last_complete_week: last?.isoWeek ?? null,
      ...(schedule instanceof Error
        ? { schedule: null, schedule_error: schedule.message }
        : { schedule: scheduleToJson(schedule) }),
      running: running.map(runToJson),
      waiting: waiting.map(({ isoWeek, deadlineAt, reason }) => ({
        ...{ iso_week: isoWeek, reason, missed_after: deadlineAt ? timeText(deadlineAt) : null },
      })),
      open: open.map(runToJson),
    },
  };
}

function openText(name: string, run: BatchRun): string {
  const reason = reasonText(run);
  const step = nextStep(run);
  return `${name} is ${stateText(run.state)}${reason && `: ${reason}`}${step && `\n  ${step}`}`;
}

function scheduleText(schedule: Schedule | Error): string {
  if (schedule instanceof Error) return `next run: not known: ${schedule.message}`;
  const { cron, timeZone, paused, nextRunAt } = schedule;
  const pattern = `schedule "${cron}" in ${timeZone}`;
  if (paused) return `next run: none, the schedule is paused (npx bellwether weekly resume); ${pattern}`;
  return `next run: ${nextRunAt ? timeText(nextRunAt) : "none"}; ${pattern}`;
}

const scheduleToJson = ({ cron, timeZone, paused, nextRunAt }: Schedule): object => ({
  ...{ cron, time_zone: timeZone, paused, next_run: nextRunAt ? timeText(nextRunAt) : null },
});

const timeText = (time: Timestamp): string => timestampDate(time).toISOString();
