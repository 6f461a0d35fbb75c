import { describeChecks } from "@bellwether/plausibility/check";
import { countText } from "@bellwether/reasons/count-text";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { isoWeek, reason } from "../input/parse-option.ts";
import { givenOptions } from "../output/given-options.ts";
import { createReport } from "../output/report.ts";
import { OPS_FLAG } from "../remote/shared-options.ts";
import { checkCommand } from "../weekly/check-command.ts";
import { decisionCommands } from "../weekly/decision-commands.ts";
import { listCommand } from "../weekly/list-command.ts";
import { rejectedReasonLines } from "../weekly/rejected-reason-lines.ts";
import { replayCommand } from "../weekly/replay-command.ts";
import { reportCommand } from "../weekly/report-command.ts";
import { withoutScoreText } from "../weekly/run-text.ts";
import { FORCE_FUTURE_FLAG, runWeek, withRunOptions } from "../weekly/run-week.ts";
import { scheduleCommands, withScheduler } from "../weekly/schedule-commands.ts";
import { readStatus, type StatusOptions } from "../weekly/status.ts";

/** `bellwether weekly` */
export function weeklyCommand(context: CliContext): Command {
  const run = withRunOptions(new Command("run"), context)
    .description(
      "Score all suppliers of a weekly file, publish the scores and create the alerts. If the run of the week was interrupted, the command continues that run where it stopped.",
    )
    .requiredOption("--week <week>", "ISO week of the data, for example 2026-W10 (required)", isoWeek)
    .requiredOption(
      "--input <file>",
      "data of the week. If the feature mapping reads one source: a CSV or Parquet file. If the mapping reads several sources: the folder with the files that the mapping names. The file or folder can also be a URL: s3://BUCKET/KEY or azure://CONTAINER/KEY, see docs/object-store.md (required)",
    )
    .option(...FORCE_FUTURE_FLAG, reason)
    .addHelpText(
      "after",
      "\nIf the input fails a check, the run is held (exit code 1) and publishes nothing. For example, too many rows are rejected, or suppliers" +
        "\nare missing (limits: config/risk_policy.yaml). Publish a held run with weekly approve, or withdraw the run with weekly void. A run" +
        "\nfails (exit code 1) if the week was already published from another source or with another configuration.\n" +
        "\nExamples:\n  npx bellwether weekly run --week 2026-W10 --input week-10.csv" +
        "\n  npx bellwether weekly run --week 2026-W10 --input week-10.csv --ml http://risk:9081 --ops http://risk:9080" +
        "\n  BELLWETHER_TOKEN_FILE=admin.token npx bellwether weekly run --week 2026-W10 --input week-10.csv   # with authentication; the token needs the role admin or service" +
        "\n  npx bellwether weekly run --week 2026-W11 --input short.csv --accept-losses 'the branch in Lyon was sold'",
    )
    .action(async (options, command: Command) => {
      const report = createReport(options);
      const week = await runWeek(options, context, givenOptions(command));
      if (week.was_complete) report.line(`${week.iso_week} is complete already; nothing was run`);
      report.line(
        `${week.iso_week}: ${countText(week.rows_read, "row")} read = ${week.rows_scored} scored${withoutScoreText(week.rows_without_score)} + ${week.rows_rejected} rejected, model ${week.model} ${week.model_version}; ${countText(week.alerts_raised, "alert")} raised`,
      );
      for (const check of describeChecks(week.checks)) report.line(`check ${check}`);
      // Notes have no values of rows, because they are logged; these lines replace the note about the same rows.
      for (const line of rejectedReasonLines(week.rejected_reasons)) report.line(line);
      for (const note of week.notes.filter((text) => !text.startsWith("rejected: ")))
        report.line(note.startsWith("warning: ") ? note : `note: ${note}`);
      report.line(`report: ${week.report}`);
      report.json(week);
    });
  const weekly = new Command("weekly")
    .enablePositionalOptions()
    .addHelpText(
      "after",
      "\nWhat to do about a week that is held, wrong or missed: docs/weekly.md" +
        "\n\nExamples:\n  npx bellwether weekly status\n  npx bellwether weekly check --input week.csv" +
        "\n  npx bellwether weekly run --week 2026-W10 --input week-10.csv",
    );
  const others = [
    checkCommand(context),
    statusCommand(context),
    listCommand(context),
    ...decisionCommands(context),
    ...scheduleCommands(context),
    replayCommand(context),
    reportCommand(context),
  ];
  for (const command of [run, ...others]) weekly.addCommand(command);
  return weekly;
}

function statusCommand(context: CliContext): Command {
  return withScheduler(new Command("status"))
    .description(
      "Show the last complete week of each model, the next run, and the weeks that need an action: weeks that are missed, held or failed, and weeks for which a new revision was requested. For each of these weeks, the command shows the next step. To see all runs, use weekly list.",
    )
    .option("--model <name>", "only the runs of this model (default: all models)")
    .option(...OPS_FLAG)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether weekly status\n  npx bellwether weekly status --json | jq '.open[].iso_week'",
    )
    .action(async (options: StatusOptions & { readonly json?: boolean }, command: Command) => {
      const report = createReport(options);
      const { lines, json } = await readStatus(context, options, givenOptions(command));
      // The step of a week is on a line of its own; what comes from the data is on one line.
      for (const text of lines) report.lines(text);
      report.json(json);
    });
}
