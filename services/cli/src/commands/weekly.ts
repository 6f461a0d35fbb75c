import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { Command } from "commander";
import { type CliContext, dataFolder } from "../context/cli-context.ts";
import { isoWeek, reason } from "../input/parse-option.ts";
import { createReport, showProgress, showStep } from "../output/report.ts";
import { ML_PEER, OPS_PEER, peerUrl } from "../remote/peer-url.ts";

/** What the run's process tells on the way, and at its end. */
interface WeeklyMessage {
  readonly progress?: {
    readonly stage: string;
    readonly rowsRead: number;
    readonly rowsScored: number;
    readonly rowsRejected: number;
  };
  readonly result?: WeeklyOutcome;
  readonly failure?: WeeklyFailure;
}

/** Why a week was not run; under --json the command prints all of it as `error`. */
interface WeeklyFailure {
  /** LOSS_LIMIT (with `losses` and `rejected_reasons`), WEEK_COMPLETE (with `recorded` and `given`), or RUN_FAILED. */
  readonly reason: string;
  readonly message: string;
  /** File with all reasons and samples of rejected rows, of LOSS_LIMIT. */
  readonly report?: string;
}

/** A week that was not run. */
class WeeklyRunError extends Error {
  override readonly name = "WeeklyRunError" as const;
  /** What `error` has under --json besides kind and message. */
  readonly details: object;

  constructor({ message, ...details }: WeeklyFailure) {
    super(message);
    this.details = details;
  }
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
  readonly rows_rejected: number;
  readonly alerts_raised: number;
  /** False: a later week, `overtaken_by`, was complete before. */
  readonly rules_evaluated: boolean;
  readonly overtaken_by: string | null;
  /** SHA-256 of the source's content, and hashes of the configuration pair that the run used and that its model was trained with. */
  readonly source_digest: string;
  readonly config_hash: string;
  readonly model_config_hash: string;
  /** What must be said beside the counts, one sentence each. */
  readonly notes: readonly string[];
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
  readonly acceptLosses?: string;
  readonly forceFuture?: string;
}

/** Runs scheduler-service in its one-shot form as a child, which is stopped with this process. @throws WeeklyRunError with the child's own message */
async function runWeek(options: RunOptions, context: CliContext): Promise<WeeklyOutcome> {
  const main = createRequire(import.meta.url).resolve("@bellwether/scheduler-service/once/main");
  const urls = {
    "ml-service": peerUrl(ML_PEER, options.ml, context),
    "ops-service": peerUrl(OPS_PEER, options.ops, context),
  };
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
      // With a token, its subject decides.
      ...(!context.env.BELLWETHER_TOKEN_FILE && { WEEKLY_ACTOR: context.env.WEEKLY_ACTOR || context.env.USER || "" }),
      ...(options.acceptLosses && { WEEKLY_ACCEPT_LOSSES: options.acceptLosses }),
      ...(options.forceFuture && { WEEKLY_FORCE_FUTURE: options.forceFuture }),
      ML_SERVICE_URL: urls["ml-service"],
      OPS_SERVICE_URL: urls["ops-service"],
    },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const stop = () => child.kill("SIGTERM");
  process.on("SIGINT", stop).on("SIGTERM", stop);
  let outcome: WeeklyOutcome | undefined;
  let failure: WeeklyFailure = { reason: "RUN_FAILED", message: "the run ended without a result" };
  let stage = "";
  child.on("message", ({ progress, ...last }: WeeklyMessage) => {
    outcome ??= last.result;
    failure = last.failure ?? failure;
    if (!progress) return;
    if (progress.stage === "score")
      showProgress("scoring", progress.rowsScored + progress.rowsRejected, progress.rowsRead);
    else if (progress.stage !== stage) showStep(progress.stage);
    stage = progress.stage;
  });
  await once(child, "close");
  process.off("SIGINT", stop).off("SIGTERM", stop);
  if (outcome === undefined)
    throw new WeeklyRunError({ ...failure, message: withOptions(withAddress(failure.message, urls), failure) });
  return outcome;
}

/** The message names fields of the RPCs; here they are options. The report is on this machine. */
function withOptions(message: string, { report }: WeeklyFailure): string {
  const said = message
    .replace("with a reason (accept_losses)", "with a reason (--accept-losses REASON)")
    .replace("with a reason (force_future)", "with a reason (--force-future REASON)");
  return report === undefined ? said : `${said}. All reasons and samples of rejected rows: ${report}`;
}

/** A peer that does not answer may be elsewhere: its address and how another one is named. */
function withAddress(message: string, urls: Readonly<Record<"ml-service" | "ops-service", string>>): string {
  const [, away] = /^(ml-service|ops-service) does not answer/.exec(message) ?? [];
  if (away !== "ml-service" && away !== "ops-service") return message;
  const { option, prefix } = away === "ml-service" ? ML_PEER : OPS_PEER;
  return `${message}. It was looked for at ${urls[away]}: ${option} URL, ${prefix}_URL or ${prefix}_GRPC_PORT name another place`;
}

/** `bellwether weekly` */
export function weeklyCommand(context: CliContext): Command {
  const run = new Command("run")
    .description("Score a weekly file and raise its alerts; a week that was cut short goes on where it stopped.")
    .requiredOption("--week <week>", "ISO week, for example 2026-W47", isoWeek)
    .requiredOption("--input <file>", "CSV or Parquet file, or the folder of the files that the mapping names")
    .option("--config <file>", "model configuration", "config/model_config.yaml")
    .option("--mapping <file>", "feature mapping", "config/feature_mapping.yaml")
    .option(
      "--ml <url>",
      "gRPC URL of ml-service, default ML_SERVICE_URL, else this machine at ML_SERVICE_GRPC_PORT, 9081",
    )
    .option(
      "--ops <url>",
      "gRPC URL of ops-service, default OPS_SERVICE_URL, else this machine at OPS_SERVICE_GRPC_PORT, 9080",
    )
    .option("--accept-losses <reason>", "publish the week whatever it lost; who and why is audited", reason)
    .option("--force-future <reason>", "run a week that has not begun, at most 8 ahead; who and why is audited", reason)
    .option("--json", "print the result as one line of JSON")
    .addHelpText(
      "after",
      "\nA week that loses more than config/risk_policy.yaml allows, or that is complete with other content, is an error (exit code 1); nothing of it is published.\n" +
        "\nExamples:\n  npx bellwether weekly run --week 2026-W47 --input .bellwether/demo/new_data_weekly.csv" +
        "\n  npx bellwether weekly run --week 2026-W47 --input week.csv --ml http://risk:9081 --ops http://risk:9080" +
        "\n  BELLWETHER_TOKEN_FILE=admin.token npx bellwether weekly run --week 2026-W47 --input week.csv   # where callers need a token: of the role admin or service" +
        '\n  npx bellwether weekly run --week 2026-W48 --input short.csv --accept-losses "the branch in Lyon was sold"',
    )
    .action(async (options) => {
      const report = createReport(options);
      const week = await runWeek(options, context);
      if (week.was_complete) report.line(`${week.iso_week} was complete before; nothing was run again`);
      report.line(
        `${week.iso_week}: ${week.rows_read} rows read = ${week.rows_scored} scored + ${week.rows_rejected} set aside, by ${week.model} ${week.model_version}; ${week.alerts_raised} alerts raised`,
      );
      for (const note of week.notes) report.line(note.startsWith("warning: ") ? note : `note: ${note}`);
      report.line(`report: ${week.report}`);
      report.json(week);
    });
  const weekly = new Command("weekly");
  return weekly.addCommand(run.copyInheritedSettings(weekly).exitOverride());
}
