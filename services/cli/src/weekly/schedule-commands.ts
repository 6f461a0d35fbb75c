import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { type Schedule, ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { ReportedError } from "../errors/reported-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { isoWeek, reason } from "../input/parse-option.ts";
import { createReport, showProgress } from "../output/report.ts";
import { openPeer, type PeerClient } from "../remote/peer-client.ts";
import { SCHEDULER_PEER } from "../remote/peer-url.ts";
import { JSON_FLAG, OWN_MODEL_FLAG, SCHEDULER_FLAG } from "../remote/shared-options.ts";
import { stateText } from "./run-text.ts";

interface SchedulerOptions {
  readonly model?: string;
  readonly scheduler?: string;
  readonly json?: boolean;
}

type Scheduler = PeerClient<typeof ScheduleService>;

/** Id of the schedule of each model. */
const SCHEDULE_ID = "weekly";

/** Adds the options of all commands that call scheduler-service. */
export function withScheduler(command: Command): Command {
  return command.option(...SCHEDULER_FLAG).option(...JSON_FLAG);
}

/** Returns the subcommands of `bellwether weekly` that change the schedule or watch its runs. */
export function scheduleCommands(context: CliContext): Command[] {
  return [triggerCommand(context), watchCommand(context), pauseCommand(context, true), pauseCommand(context, false)];
}

interface TriggerOptions extends SchedulerOptions {
  readonly week?: string;
  readonly input?: string;
  readonly acceptLosses?: string;
  readonly forceFuture?: string;
  readonly watch?: boolean;
}

function triggerCommand(context: CliContext): Command {
  return withScheduler(new Command("trigger"))
    .description(
      "Start the run of a week in the scheduler now. The input is a file or folder below the input folder of the scheduler (WEEKLY_INPUT_FOLDER).",
    )
    .option("--week <week>", "ISO week of the data (default: the current week)", isoWeek)
    .option(
      "--input <file>",
      "file or folder, relative to the input folder of the scheduler; {week} becomes the ISO week, {date} its Monday (default: the file of the schedule)",
    )
    .option(
      "--accept-losses <reason>",
      "publish the week although a check of its input fails, for example because too many rows are rejected (limits: config/risk_policy.yaml). The audit log records the caller and the reason",
      reason,
    )
    .option(
      "--force-future <reason>",
      "run a week that has not begun, at most 8 weeks ahead; the audit log records the caller and the reason",
      reason,
    )
    .option("--watch", "wait for the end of the run, and show its progress")
    .option(...OWN_MODEL_FLAG)
    .addHelpText(
      "after",
      "\nExit code 1 if the run is not started; with --watch also if it fails or is held.\n\nExamples:\n  npx bellwether weekly trigger" +
        "\n  npx bellwether weekly trigger --week 2026-W47 --input corrected/2026-W47.csv --watch",
    )
    .action(async (options: TriggerOptions) => {
      const report = createReport(options);
      using scheduler = openPeer(context, SCHEDULER_PEER, options.scheduler, ScheduleService);
      const { jobId, isoWeek, alreadyKnown, newRevision } = await scheduler.answer(
        scheduler.client.triggerRun({
          ...{ scheduleId: SCHEDULE_ID, modelName: options.model ?? "" },
          ...{ isoWeek: options.week ?? "", input: options.input ?? "" },
          ...{ acceptLosses: options.acceptLosses ?? "", forceFuture: options.forceFuture ?? "" },
        }),
      );
      report.line(
        alreadyKnown
          ? `${isoWeek} is already running or complete; a job compares the file with the file of the run (job ${jobId})`
          : newRevision > 0
            ? `${isoWeek} is in the queue: it will be run as revision ${newRevision}, which was requested (job ${jobId})`
            : `${isoWeek} is in the queue (job ${jobId})`,
      );
      const end = options.watch ? await watchJob(scheduler, jobId) : null;
      if (end?.state === RunState.COMPLETE) for (const line of endLines(isoWeek, end)) report.line(line);
      report.json({
        job_id: jobId,
        iso_week: isoWeek,
        already_known: alreadyKnown,
        new_revision: newRevision || null,
        ...(end && endToJson(end)),
      });
      if (end !== null) throwUnlessComplete(isoWeek, end);
    });
}

interface WatchOptions extends SchedulerOptions {
  readonly week?: string;
  readonly job?: string;
}

function watchCommand(context: CliContext): Command {
  return withScheduler(new Command("watch"))
    .description("Wait for the end of a run in the queue of the scheduler, and show the progress of the run.")
    .option("--week <week>", "ISO week of the run, for example 2026-W47. Either --week or --job is required", isoWeek)
    .option("--job <id>", "id of the job, as weekly trigger prints it")
    .option(
      "--model <name>",
      "with --week: name of the model, of several models in one installation (default: the default model)",
    )
    .addHelpText(
      "after",
      "\nExit code 1 if the run fails or is held.\n\nExample:\n  npx bellwether weekly watch --week 2026-W47",
    )
    .action(async (options: WatchOptions) => {
      if ((options.week === undefined) === (options.job === undefined))
        throw new UsageError("watch needs --week WEEK or --job ID, one of them");
      if (options.model !== undefined && options.week === undefined)
        throw new UsageError("--model is for --week; the id of a job names its model already");
      const report = createReport(options);
      using scheduler = openPeer(context, SCHEDULER_PEER, options.scheduler, ScheduleService);
      const jobId = options.job ?? (await jobOf(scheduler, options));
      const end = await watchJob(scheduler, jobId);
      if (end.state === RunState.COMPLETE) for (const line of endLines(end.isoWeek || jobId, end)) report.line(line);
      report.json({ job_id: jobId, iso_week: end.isoWeek, ...endToJson(end) });
      throwUnlessComplete(end.isoWeek || jobId, end);
    });
}

function pauseCommand(context: CliContext, pauses: boolean): Command {
  return withScheduler(new Command(pauses ? "pause" : "resume"))
    .description(
      pauses
        ? "Pause the schedule: the schedule starts no run until weekly resume. A run in progress continues."
        : "Resume the schedule. Runs that were due during the pause are not started.",
    )
    .option(...OWN_MODEL_FLAG)
    .addHelpText("after", `\nExample:\n  npx bellwether weekly ${pauses ? "pause" : "resume"}`)
    .action(async (options: SchedulerOptions) => {
      const report = createReport(options);
      using scheduler = openPeer(context, SCHEDULER_PEER, options.scheduler, ScheduleService);
      const request = { scheduleId: SCHEDULE_ID, modelName: options.model ?? "" };
      const { schedule } = pauses
        ? await scheduler.answer(scheduler.client.pauseSchedule(request))
        : await scheduler.answer(scheduler.client.resumeSchedule(request));
      const next = nextRun(schedule);
      const name = options.model === undefined ? "the schedule" : `the schedule of ${options.model}`;
      report.line(schedule?.paused ? `${name} is paused` : `${name} is active; next run: ${next ?? "none"}`);
      report.json({ model: schedule?.modelName ?? null, paused: schedule?.paused ?? false, next_run: next });
    });
}

/** Returns the id of the job of a week. The jobs of the default model have no name of the model in their ids. */
async function jobOf({ client, answer }: Scheduler, { model, week }: WatchOptions): Promise<string> {
  if (model === undefined) return `${SCHEDULE_ID}-${week}`;
  const { schedules } = await answer(client.listSchedules({}));
  return schedules[0]?.modelName === model ? `${SCHEDULE_ID}-${week}` : `${SCHEDULE_ID}.${model}-${week}`;
}

const nextRun = (schedule: Schedule | undefined): string | null =>
  schedule?.nextRunAt ? timestampDate(schedule.nextRunAt).toISOString() : null;

/** The last state of a watched job. */
interface JobEnd {
  readonly isoWeek: string;
  readonly state: RunState;
  readonly failure: string;
  readonly rowsRead: bigint;
  readonly rowsScored: bigint;
  readonly rowsRejected: bigint;
  readonly wasComplete: boolean;
  readonly notes: readonly string[];
}

/**
 * Watches a job to its end. A watch ends with UNAVAILABLE when its connection reaches its maximum age; it is then opened
 * again, as long as it had sent a message.
 */
async function watchJob({ client, answer }: Scheduler, jobId: string): Promise<JobEnd> {
  let end: JobEnd | undefined;
  for (let seen = true; seen; ) {
    seen = false;
    try {
      for await (const status of client.watchProgress({ jobId })) {
        seen = true;
        if (status.state === RunState.UNSPECIFIED) continue;
        end = status;
        if (status.rowsRead > 0n)
          showProgress("scoring", Number(status.rowsScored + status.rowsRejected), Number(status.rowsRead));
      }
      if (end !== undefined && end.state !== RunState.RUNNING) return end;
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Unavailable || !seen) await answer(Promise.reject(error));
    }
  }
  throw new Error(`the watch of job ${jobId} ended before the run; watch it again`);
}

/** Returns the result of a complete run. Of another run, the error of the command says all. */
function endLines(week: string, end: JobEnd): string[] {
  const { rowsRead, rowsScored, rowsRejected, wasComplete, notes } = end;
  const counts = `${countText(rowsRead, "row")} read = ${rowsScored} scored + ${rowsRejected} rejected`;
  return [`${week}: ${wasComplete ? "complete already; " : ""}${counts}`, ...notes.map((note) => `note: ${note}`)];
}

const endToJson = ({ state, failure, rowsRead, rowsScored, rowsRejected, wasComplete, notes }: JobEnd): object => ({
  ...{ state: stateText(state), failure, was_complete: wasComplete, notes },
  ...{ rows_read: Number(rowsRead), rows_scored: Number(rowsScored), rows_rejected: Number(rowsRejected) },
});

function throwUnlessComplete(week: string, { state, failure }: JobEnd): void {
  if (state !== RunState.COMPLETE) throw new ReportedError(`${week} is ${stateText(state)}: ${failure}`);
}
