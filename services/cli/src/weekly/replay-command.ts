import { hasWeekPlaceholder } from "@bellwether/contract/expand-input";
import { countText } from "@bellwether/reasons/count-text";
import { Command, InvalidArgumentError, Option } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { isoWeek } from "../input/parse-option.ts";
import { givenOptions } from "../output/given-options.ts";
import { createReport } from "../output/report.ts";
import { replay } from "./replay.ts";
import { parseReplayStep, type ReplayStep, replayWeeks } from "./replay-weeks.ts";
import { type RunOptions, withRunOptions } from "./run-week.ts";

interface ReplayOptions extends Omit<RunOptions, "week"> {
  readonly from: string;
  readonly to: string;
  readonly every: ReplayStep;
  readonly json?: boolean;
}

/** `bellwether weekly replay` */
export function replayCommand(context: CliContext): Command {
  return withRunOptions(new Command("replay"), context)
    .description("Run past weeks, one after the other. Each week is run as if it were the current week.")
    .requiredOption("--from <week>", "first ISO week, for example 2008-W05 (required)", isoWeek)
    .requiredOption("--to <week>", "last ISO week (required)", isoWeek)
    .requiredOption(
      "--input <file>",
      "data, as for weekly run. {week} in the name becomes the ISO week, {date} its Monday. Without {week} and {date}, all weeks read the same data; the feature mapping must then use $as_of (required)",
    )
    .addOption(
      new Option(
        "--every <step>",
        "step between the weeks: 1w to 52w (every n-th week), or 1month (the last week that ends in each month)",
      )
        .argParser(replayStep)
        .default({ weeks: 1 }, "1w"),
    )
    .addHelpText(
      "after",
      "\nThe replay stops at the first week that fails or is held (exit code 1). The same command continues the replay: weeks that are complete" +
        "\nare not run again. With --accept-losses, weeks whose checks fail are published instead of held. Alert rules are evaluated only if no" +
        "\nlater week of the model is complete: use a database without later weeks.\n" +
        "\nExamples:\n  npx bellwether weekly replay --from 2026-W01 --to 2026-W47 --input 'history/{week}.csv'" +
        "\n  npx bellwether weekly replay --from 2008-W05 --to 2013-W52 --every 1month --input data \\\n    --config config/examples/scms/model_config.yaml --mapping config/examples/scms/feature_mapping.yaml",
    )
    .action(async ({ from, to, every, ...options }: ReplayOptions, command: Command) => {
      const weeks = replayWeeks(from, to, every);
      const report = createReport(options);
      if (!hasWeekPlaceholder(options.input)) report.line(`all weeks read ${options.input}`);
      const outcomes = await replay(weeks, options, context, report, givenOptions(command));
      const before = outcomes.filter(({ was_complete }) => was_complete).length;
      report.line(
        `${countText(weeks.length, "week")} from ${weeks[0]} to ${weeks.at(-1)} complete${before > 0 ? `, ${before} of them before` : ""}`,
      );
      report.json({ weeks: outcomes });
    });
}

function replayStep(text: string): ReplayStep {
  const step = parseReplayStep(text);
  if (step === null) throw new InvalidArgumentError("expected 1w to 52w, or 1month");
  return step;
}
