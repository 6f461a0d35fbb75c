import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { Command } from "commander";
import { type CliContext, dataFolder } from "../cli-context.ts";
import { isoWeek } from "../parse-option.ts";
import { createReport, showProgress, showStep } from "../report.ts";

/** What the run's process tells on the way, and at its end. */
interface WeeklyMessage {
  readonly progress?: {
    readonly stage: string;
    readonly rowsRead: number;
    readonly rowsScored: number;
    readonly rowsSetAside: number;
  };
  readonly result?: WeeklyOutcome;
  readonly failure?: string;
}

/** A complete week, as the command prints it under --json. */
interface WeeklyOutcome {
  readonly iso_week: string;
  readonly model: string;
  readonly model_version: string;
  /** The week was complete before; nothing was done. */
  readonly was_complete: boolean;
  readonly rows_read: number;
  readonly rows_scored: number;
  readonly rows_set_aside: number;
  readonly alerts_raised: number;
  /** Path of the report. */
  readonly report: string;
}

interface RunOptions {
  readonly week: string;
  readonly input: string;
  readonly config: string;
  readonly mapping: string;
  readonly ml?: string;
  readonly ops?: string;
}

/** Runs scheduler-service in its one-shot form as a child, which is stopped with this process. @throws Error with the child's own message */
async function runWeek(options: RunOptions, context: CliContext): Promise<WeeklyOutcome> {
  const main = createRequire(import.meta.url).resolve("@bellwether/scheduler-service/once/main");
  const absolute = (file: string): string => path.resolve(context.cwd, file);
  const child = spawn(process.execPath, [main], {
    cwd: context.cwd,
    env: {
      ...context.env,
      WEEKLY_WEEK: options.week,
      WEEKLY_INPUT: absolute(options.input),
      BELLWETHER_MODEL_CONFIG: absolute(options.config),
      BELLWETHER_FEATURE_MAPPING: absolute(options.mapping),
      BELLWETHER_DATA_DIR: dataFolder(context),
      ...(options.ml && { ML_SERVICE_URL: options.ml }),
      ...(options.ops && { OPS_SERVICE_URL: options.ops }),
    },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const stop = () => child.kill("SIGTERM");
  process.on("SIGINT", stop).on("SIGTERM", stop);
  let outcome: WeeklyOutcome | undefined;
  let failure = "the run ended without a result";
  let stage = "";
  child.on("message", ({ progress, ...last }: WeeklyMessage) => {
    outcome ??= last.result;
    failure = last.failure ?? failure;
    if (!progress) return;
    if (progress.stage === "score")
      showProgress("scoring", progress.rowsScored + progress.rowsSetAside, progress.rowsRead);
    else if (progress.stage !== stage) showStep(progress.stage);
    stage = progress.stage;
  });
  await once(child, "close");
  process.off("SIGINT", stop).off("SIGTERM", stop);
  if (outcome === undefined) throw new Error(failure);
  return outcome;
}

/** `bellwether weekly` */
export function weeklyCommand(context: CliContext): Command {
  const run = new Command("run")
    .description("Score a weekly file and raise its alerts; a week that was cut short goes on where it stopped.")
    .requiredOption("--week <week>", "ISO week, for example 2026-W47", isoWeek)
    .requiredOption("--input <file>", "CSV or Parquet file, or the folder of the files that the mapping names")
    .option("--config <file>", "model configuration", "config/model_config.yaml")
    .option("--mapping <file>", "feature mapping", "config/feature_mapping.yaml")
    .option("--ml <url>", "gRPC door of ml-service, default http://127.0.0.1:9081")
    .option("--ops <url>", "gRPC door of ops-service, default http://127.0.0.1:9080")
    .option("--json", "print the result as one line of JSON")
    .addHelpText(
      "after",
      "\nExample:\n  npx bellwether weekly run --week 2026-W47 --input .bellwether/demo/new_data_weekly.csv",
    )
    .action(async (options) => {
      const report = createReport(options);
      const week = await runWeek(options, context);
      if (week.was_complete) report.line(`${week.iso_week} was complete before; nothing was run again`);
      report.line(
        `${week.iso_week}: ${week.rows_read} rows read = ${week.rows_scored} scored + ${week.rows_set_aside} set aside, by ${week.model} ${week.model_version}; ${week.alerts_raised} alerts raised`,
      );
      report.line(`report: ${week.report}`);
      report.json(week);
    });
  const weekly = new Command("weekly");
  return weekly.addCommand(run.copyInheritedSettings(weekly).exitOverride());
}
