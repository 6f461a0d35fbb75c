import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { type Retrain, RetrainStage } from "@bellwether/gen/bellwether/schedule/v1/retrain_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { ReportedError } from "../errors/reported-error.ts";
import { reason, type WeekRange, weekRange } from "../input/parse-option.ts";
import { enumWord } from "../output/enum-word.ts";
import { createReport, type Report, showProgress } from "../output/report.ts";
import { hasVersion, retrainJson, retrainLines, retrainState } from "../output/retrain-text.ts";
import { openPeer, type PeerClient } from "../remote/peer-client.ts";
import { SCHEDULER_PEER } from "../remote/peer-url.ts";
import { JSON_FLAG, OWN_MODEL_FLAG, SCHEDULER_FLAG } from "../remote/shared-options.ts";

interface SchedulerOptions {
  readonly model?: string;
  readonly scheduler?: string;
  readonly json?: boolean;
}

type Scheduler = PeerClient<typeof ScheduleService>;

/** `bellwether retrain` */
export function retrainCommand(context: CliContext): Command {
  return new Command("retrain")
    .enablePositionalOptions()
    .addHelpText(
      "after",
      "\nThe scheduler also starts retrains automatically. The key `retrain` of config/risk_policy.yaml has the conditions (docs/retrain.md). A retrain\nmakes the new version the champion only if `promotion.automatic` is true and the promotion gate passes it (docs/promotion.md).\n" +
        "\nExamples:\n  npx bellwether retrain status\n  npx bellwether retrain start --reason 'new plant in Lyon' --watch",
    )
    .addCommand(startCommand(context))
    .addCommand(statusCommand(context))
    .addCommand(watchCommand(context))
    .addCommand(cancelCommand(context));
}

const withScheduler = (command: Command): Command => command.option(...SCHEDULER_FLAG).option(...JSON_FLAG);

interface StartOptions extends SchedulerOptions {
  readonly weeks?: WeekRange;
  readonly reason: string;
  readonly watch?: boolean;
}

function startCommand(context: CliContext): Command {
  return withScheduler(new Command("start"))
    .description("Train a new version in the scheduler now, from weekly runs and outcomes, and publish the version.")
    .requiredOption(
      "--reason <text>",
      "reason, 1 to 2,000 bytes in UTF-8; the audit log records the caller and the reason (required)",
      reason,
    )
    .option(
      "--weeks <weeks>",
      "first and last ISO week whose rows are used, for example 2026-W01..2026-W26 (default: retrain.window_weeks of the risk policy, up to the newest complete week)",
      weekRange,
    )
    .option("--watch", "wait for the end of the retrain, and show its progress")
    .option(...OWN_MODEL_FLAG)
    .addHelpText(
      "after",
      "\nWith --watch, exit code 1 if the retrain fails or is cancelled.\n\nExample:\n  npx bellwether retrain start --reason 'new plant in Lyon' --watch",
    )
    .action(async (options: StartOptions) => {
      const report = createReport(options);
      using scheduler = openPeer(context, SCHEDULER_PEER, options.scheduler, ScheduleService);
      const window = { fromWeek: options.weeks?.from ?? "", toWeek: options.weeks?.to ?? "" };
      const started = await scheduler.answer(
        scheduler.client.triggerRetrain({ modelName: options.model ?? "", ...window, reason: options.reason }),
      );
      const { jobId, fromWeek, toWeek, alreadyKnown } = started;
      report.line(
        `the retrain of ${fromWeek} to ${toWeek} is ${alreadyKnown ? "already under way" : "in the queue"} (job ${jobId})`,
      );
      if (options.watch) return await showEnd(await watchRetrain(scheduler, jobId), report);
      report.json({ job_id: jobId, from_week: fromWeek, to_week: toWeek, already_known: alreadyKnown });
    });
}

function statusCommand(context: CliContext): Command {
  return withScheduler(new Command("status"))
    .description("Show whether a retrain is due or why none is due, and show the last retrains.")
    .option(...OWN_MODEL_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether retrain status")
    .action(async (options: SchedulerOptions) => {
      const report = createReport(options);
      using scheduler = openPeer(context, SCHEDULER_PEER, options.scheduler, ScheduleService);
      const found = await scheduler.answer(scheduler.client.getRetrain({ modelName: options.model ?? "" }));
      const { modelName, isAutomatic, due, waits, retrains } = found;
      const none = waits === "" ? "not checked yet" : `none is due: ${waits}`;
      report.line(`retrains of ${modelName}: ${due === "" ? none : `due at the last check: ${due}`}`);
      for (const one of retrains) for (const line of retrainLines(one)) report.line(line);
      report.json({ model: modelName, automatic: isAutomatic, due, waits, retrains: retrains.map(retrainJson) });
    });
}

function watchCommand(context: CliContext): Command {
  return withScheduler(new Command("watch"))
    .description("Wait for the end of a retrain, and show its progress.")
    .requiredOption("--job <id>", "id of the job, as retrain start and retrain status print it (required)")
    .addHelpText(
      "after",
      "\nExit code 1 if the retrain fails or is cancelled.\n\nExample:\n  npx bellwether retrain watch --job retrain-1",
    )
    .action(async (options: SchedulerOptions & { readonly job: string }) => {
      using scheduler = openPeer(context, SCHEDULER_PEER, options.scheduler, ScheduleService);
      await showEnd(await watchRetrain(scheduler, options.job), createReport(options));
    });
}

function cancelCommand(context: CliContext): Command {
  return withScheduler(new Command("cancel"))
    .description("Cancel a retrain that waits or is running. Nothing is published.")
    .requiredOption("--job <id>", "id of the job, as retrain start and retrain status print it (required)")
    .requiredOption(
      "--reason <text>",
      "reason, 1 to 2,000 bytes in UTF-8; the audit log records the caller and the reason (required)",
      reason,
    )
    .addHelpText(
      "after",
      "\nExample:\n  npx bellwether retrain cancel --job retrain-1 --reason 'the outcomes of May are wrong'",
    )
    .action(async (options: SchedulerOptions & { readonly job: string; readonly reason: string }) => {
      const report = createReport(options);
      using scheduler = openPeer(context, SCHEDULER_PEER, options.scheduler, ScheduleService);
      const request = { jobId: options.job, reason: options.reason };
      const { retrain } = await scheduler.answer(scheduler.client.cancelRetrain(request));
      if (retrain === undefined) throw new Error(`scheduler-service returned no retrain for ${options.job}`);
      const isOver = retrain.endedAt !== undefined;
      report.line(isOver ? `${options.job} had ended: ${retrainState(retrain)}` : `${options.job} is being cancelled`);
      report.json(retrainJson(retrain));
    });
}

/** Reports the end of a retrain. @throws ReportedError when the retrain gave no version */
async function showEnd(retrain: Retrain, report: Report): Promise<void> {
  for (const line of retrainLines(retrain)) report.line(line);
  report.json(retrainJson(retrain));
  if (!hasVersion(retrain)) throw new ReportedError(`${retrain.jobId} is ${retrainState(retrain)}: ${retrain.failure}`);
}

/**
 * Watches a retrain to its end. The server ends a watch with UNAVAILABLE when the connection reaches its maximum age. The
 * watch is then opened again if it had sent a message.
 */
async function watchRetrain({ client, answer }: Scheduler, jobId: string): Promise<Retrain> {
  let end: Retrain | undefined;
  for (let seen = true; seen; ) {
    seen = false;
    try {
      for await (const { state, retrain } of client.watchProgress({ jobId })) {
        seen = true;
        if (retrain === undefined) continue;
        if (retrain.total > 0) showProgress(enumWord(RetrainStage, retrain.stage), retrain.done, retrain.total);
        if (state !== RunState.RUNNING) end = retrain;
      }
      if (end !== undefined) return end;
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Unavailable || !seen) await answer(Promise.reject(error));
    }
  }
  throw new Error(`the watch of ${jobId} ended before the retrain; watch it again`);
}
