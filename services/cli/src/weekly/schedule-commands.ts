import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { type Schedule, ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { isoWeek, reason } from "../input/parse-option.ts";
import { createReport } from "../output/report.ts";
import { openOps } from "../remote/ops-client.ts";
import { openPeer, type PeerClient } from "../remote/peer-client.ts";
import { SCHEDULER_PEER } from "../remote/peer-url.ts";
import { JSON_FLAG, OPS_FLAG, OWN_MODEL_FLAG, SCHEDULER_FLAG } from "../remote/shared-options.ts";
import { newestRun } from "./find-run.ts";
import { publishedLines, publishedToJson, readPublishedRun } from "./published-run.ts";
import { watchCommand } from "./watch-command.ts";
import { endLines, endToJson, type JobEnd, throwUnlessComplete, watchJob, withKeptRun } from "./watch-job.ts";

interface SchedulerOptions {
  readonly model?: string;
  readonly scheduler?: string;
  readonly json?: boolean;
}

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
  readonly ops?: string;
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
    .option(OPS_FLAG[0], `with --watch: ${OPS_FLAG[1]}`)
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
      const watched = options.watch ? await watchJob(scheduler, jobId) : null;
      const end = watched && withKeptRun(watched, await keptRun(context, scheduler, options, isoWeek, watched));
      const published =
        end?.state === RunState.COMPLETE ? await readPublishedRun(context, options.ops, end.runId) : null;
      if (end !== null && published !== null)
        for (const line of [...endLines(isoWeek, end), ...publishedLines(published)]) report.line(line);
      report.json({
        job_id: jobId,
        iso_week: isoWeek,
        already_known: alreadyKnown,
        new_revision: newRevision || null,
        ...(end && endToJson(end)),
        ...(published && publishedToJson(published)),
      });
      if (end !== null) throwUnlessComplete(isoWeek, end);
    });
}

/** Returns the newest run of the week of a failed job. Undefined: the job did not fail, or the run is not known. */
async function keptRun(
  context: CliContext,
  { client }: PeerClient<typeof ScheduleService>,
  { model, ops: url }: TriggerOptions,
  week: string,
  { state }: JobEnd,
): Promise<BatchRun | undefined> {
  if (state !== RunState.FAILED) return undefined;
  try {
    using ops = openOps(context, url, BatchService);
    const named = model ?? (await client.listSchedules({})).schedules[0]?.modelName;
    return await newestRun(ops, week, named || undefined);
  } catch {
    // The failure of the job is the result of the command.
    return undefined;
  }
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

const nextRun = (schedule: Schedule | undefined): string | null =>
  schedule?.nextRunAt ? timestampDate(schedule.nextRunAt).toISOString() : null;
