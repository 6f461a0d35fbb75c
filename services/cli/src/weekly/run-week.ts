import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { isStoreUrl } from "@bellwether/object-store/location/store-url";
import type { Check } from "@bellwether/plausibility/check";
import type { Command } from "commander";
import { type CliContext, dataFolder } from "../context/cli-context.ts";
import { InvalidConfigurationError } from "../errors/invalid-configuration-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { withConfigOptions } from "../input/config-options.ts";
import { type ModelFiles, modelFilesOf } from "../input/model-files.ts";
import { reason } from "../input/parse-option.ts";
import { type GivenOptions, weeklyCommandText } from "../output/given-options.ts";
import { showProgress, showStep } from "../output/report.ts";
import { inCommandWords, withCommandNames } from "../remote/command-words.ts";
import { ML_PEER, OPS_PEER, peerUrl } from "../remote/peer-url.ts";
import { JSON_FLAG, ML_FLAG, OPS_FLAG } from "../remote/shared-options.ts";
import type { RejectedReason } from "./rejected-reason-lines.ts";

/** Message of the child process that does the run: progress while it runs, at its end the result or the failure. */
interface WeeklyMessage<T> {
  readonly progress?: {
    readonly stage: string;
    readonly rowsRead: number;
    readonly rowsScored: number;
    readonly rowsRejected: number;
    /** Only while the input is read. */
    readonly bytesRead?: number;
    readonly bytesTotal?: number;
  };
  /** A peer is not available, and the run is tried again: one sentence. */
  readonly retry?: string;
  readonly result?: T;
  readonly failure?: WeeklyFailure;
}

/** Why a week was not run. With --json, the command prints all fields as `error`. */
interface WeeklyFailure {
  /** RUN_HELD (with `checks` and `rejected_reasons`), LOSS_LIMIT (with `losses` and `rejected_reasons`), WEEK_COMPLETE (with `recorded` and `given`), INVALID_CONFIGURATION, INPUT_NOT_FOUND, or RUN_FAILED; of a check CHECK_FAILED, INVALID_CONFIGURATION or INPUT_NOT_FOUND. */
  readonly reason: string;
  readonly message: string;
  /**
   * Path of the file with all reasons and samples of the rejected rows. Set only when there were too many of them.
   */
  readonly report?: string;
}

/** Reasons of a run or check that did not begin. Exit code 2. */
const UNUSABLE: ReadonlySet<string> = new Set(["INVALID_CONFIGURATION", "INPUT_NOT_FOUND"]);

/** A week that was not run. */
export class WeeklyRunError extends Error {
  override readonly name = "WeeklyRunError" as const;
  /** Fields of `error` under --json in addition to kind and message. */
  readonly details: object;

  constructor({ message, ...details }: WeeklyFailure) {
    super(message);
    this.details = details;
  }
}

/** A complete week, as the command prints it under --json. */
export interface WeeklyOutcome {
  readonly iso_week: string;
  readonly model: string;
  readonly model_version: string;
  /** Day of which the data is a snapshot, ISO: the Sunday of the week. Null: not recorded. */
  readonly as_of: string | null;
  /** True when an earlier run had completed the week, so that nothing was done. */
  readonly was_complete: boolean;
  readonly rows_read: number;
  readonly rows_scored: number;
  /** Rows among `rows_scored` with the band unknown: they have no risk score. */
  readonly rows_without_score: number;
  readonly rows_rejected: number;
  /** Why rows were rejected, most rows first. Empty also when the week was complete before, and its files are elsewhere. */
  readonly rejected_reasons: readonly RejectedReason[];
  readonly alerts_raised: number;
  /** False when the later week `overtaken_by` was complete already. */
  readonly rules_evaluated: boolean;
  readonly overtaken_by: string | null;
  /**
   * SHA-256 of the content of the source. The next two fields are SHA-256 hashes of a configuration
   * (model_config.yaml and feature_mapping.yaml): `config_hash` of the configuration of this run, `model_config_hash`
   * of the configuration with which the model was trained.
   */
  readonly source_digest: string;
  readonly config_hash: string;
  readonly model_config_hash: string;
  /** Checks of the input. */
  readonly checks: readonly Check[];
  /** Remarks on the run, one sentence each. */
  readonly notes: readonly string[];
  /** Path of the report. */
  readonly report: string;
}

/** What a run of an input would say, as `weekly check` prints it under --json. */
export interface InputReport {
  readonly iso_week: string;
  readonly as_of: string;
  /**
   * "published": nothing is in the way. "complete": the week was published with this input. "held": a person would have
   * to approve the run.
   */
  readonly outcome: "published" | "complete" | "held" | "failed" | "not_whole" | "not_compared";
  /** Why the input is not whole, or not compared with the earlier weeks or the model; empty otherwise. */
  readonly reason: string;
  /** Week with which the input was compared. Null: no earlier week is complete. */
  readonly compared_with: string | null;
  /** Null: the input was not read. */
  readonly suppliers: number | null;
  /** Number of `suppliers` with too few known features for a score; a note has the reason. Null: not known. */
  readonly suppliers_without_score: number | null;
  readonly rows_rejected: number | null;
  readonly rejected_reasons: readonly RejectedReason[];
  readonly failures: readonly string[];
  readonly notes: readonly string[];
  /** The checks for people: failed ones, those that were not possible, and those that passed. */
  readonly lines: readonly string[];
}

export interface RunOptions {
  readonly week: string;
  readonly input: string;
  readonly config: string;
  readonly mapping: string;
  /** Name of a model with a folder of its own, whose files are used. Undefined: `config` and `mapping`. */
  readonly model?: string;
  readonly ml?: string;
  readonly ops?: string;
  readonly acceptLosses?: string;
  readonly forceFuture?: string;
}

/** For commands that run or check a week with the files of a model. */
export const FILES_OF_MODEL_FLAG = [
  "--model <name>",
  "model with a folder below BELLWETHER_MODELS (if not set, config/models), whose files are used in place of --config, --mapping and the risk policy",
] as const;

/** For commands that run or check one week. */
export const FORCE_FUTURE_FLAG = [
  "--force-future <reason>",
  "run a week that has not begun, at most 8 weeks ahead; the audit log records the caller and the reason",
] as const;

/** Adds the options that `weekly run` and `weekly replay` share. */
export function withRunOptions(command: Command, context: CliContext): Command {
  return withConfigOptions(command, context)
    .option(...FILES_OF_MODEL_FLAG)
    .option(...ML_FLAG)
    .option(...OPS_FLAG)
    .option(
      "--accept-losses <reason>",
      "publish the week although a check of its input fails, for example because too many rows are rejected (limits: config/risk_policy.yaml). The audit log records the caller and the reason",
      reason,
    )
    .option(...JSON_FLAG);
}

/**
 * Runs scheduler-service for one week in a child process, which is stopped together with this process.
 * @throws WeeklyRunError with the message of the child process
 */
export function runWeek(options: RunOptions, context: CliContext, given: GivenOptions): Promise<WeeklyOutcome> {
  return runChild<WeeklyOutcome>([], options, context, given);
}

/**
 * Checks the input of a week as a run would, without starting the run.
 * @throws WeeklyRunError with the message of the child process
 */
export async function checkWeek(options: RunOptions, context: CliContext, given: GivenOptions): Promise<InputReport> {
  const found = await runChild<InputReport>(["check"], options, context, given);
  const failures = found.failures.map((failure) =>
    withConfigFiles(withGiven(withCommandNames(withDecisionOptions(failure)), given), options, given),
  );
  return { ...found, failures, reason: withAddress(found.reason, peerUrls(options, context), false) };
}

/**
 * Returns the weeks whose input does not exist, in their order.
 * @throws WeeklyRunError with the message of the child process
 */
export async function findMissingInputs(
  weeks: readonly string[],
  options: Omit<RunOptions, "week">,
  context: CliContext,
  given: GivenOptions,
): Promise<readonly { readonly week: string; readonly input: string }[]> {
  const { missing } = await runChild<{ missing: readonly { week: string; input: string }[] }>(
    ["look"],
    { ...options, week: weeks.join(",") },
    context,
    given,
  );
  return missing;
}

const peerUrls = ({ ml, ops }: Pick<RunOptions, "ml" | "ops">, context: CliContext) => ({
  "ml-service": peerUrl(ML_PEER, ml, context),
  "ops-service": peerUrl(OPS_PEER, ops, context),
});

/** Returns the files of a model with a folder of its own. @throws UsageError when they are named in two ways */
function filesOfModel(modelName: string, context: CliContext, given: GivenOptions): Promise<ModelFiles> {
  if (given.config !== undefined || given.mapping !== undefined)
    throw new UsageError("--model names the files of the model; leave --config and --mapping out, or --model");
  return modelFilesOf(modelName, context);
}

/** @typeParam T result that the child process sends for these arguments */
async function runChild<T>(
  args: readonly string[],
  options: RunOptions,
  context: CliContext,
  given: GivenOptions,
): Promise<T> {
  if (context.env.BELLWETHER_TOKEN)
    throw new UsageError("the run reads its token from a file: set BELLWETHER_TOKEN_FILE in place of BELLWETHER_TOKEN");
  const main = createRequire(import.meta.url).resolve("@bellwether/scheduler-service/once/main");
  const urls = peerUrls(options, context);
  const files = options.model === undefined ? options : await filesOfModel(options.model, context, given);
  const absolute = (file: string): string => path.resolve(context.cwd, file);
  const child = spawn(process.execPath, [main, ...args], {
    cwd: context.cwd,
    env: {
      ...context.env,
      WEEKLY_WEEK: options.week,
      WEEKLY_INPUT: isStoreUrl(options.input) ? options.input : absolute(options.input),
      BELLWETHER_MODEL_CONFIG: absolute(files.config),
      BELLWETHER_FEATURE_MAPPING: absolute(files.mapping),
      ...("riskPolicy" in files && { BELLWETHER_RISK_POLICY: files.riskPolicy }),
      BELLWETHER_DATA_DIR: dataFolder(context),
      // When the command uses a token, the subject of the token is recorded as the actor, so WEEKLY_ACTOR is
      // not set.
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
  let outcome: T | undefined;
  let failure: WeeklyFailure = { reason: "RUN_FAILED", message: "the run ended without a result" };
  let stage = "";
  child.on("message", ({ progress, retry, ...last }: WeeklyMessage<T>) => {
    if (retry !== undefined) process.stderr.write(`${retry}\n`);
    outcome ??= last.result;
    failure = last.failure ?? failure;
    if (!progress) return;
    if (progress.stage === "score")
      showProgress("scoring", progress.rowsScored + progress.rowsRejected, progress.rowsRead);
    else if (progress.bytesTotal) showProgress("reading", progress.bytesRead ?? 0, progress.bytesTotal);
    else if (progress.stage !== stage) showStep(progress.stage);
    stage = progress.stage;
  });
  await once(child, "close");
  process.off("SIGINT", stop).off("SIGTERM", stop);
  if (outcome === undefined) {
    const message = withOptions(withAddress(failure.message, urls, stage !== ""), failure, given);
    const shown = { ...failure, message: withConfigFiles(message, files, given) };
    throw UNUSABLE.has(failure.reason)
      ? new InvalidConfigurationError(shown.message, failure.reason)
      : new WeeklyRunError(shown);
  }
  return outcome;
}

/** Replaces the fields of decisions in a message by their options. */
const withDecisionOptions = (message: string): string =>
  message
    .replace("with a reason (accept_losses)", "with a reason (--accept-losses REASON)")
    .replace("with a reason (force_future)", "with a reason (--force-future REASON)");

/** Names of columns of weekly files that are also fields of requests. */
const FILE_COLUMNS = ["supplier_id", "owner", "note", "comment"];

/** Commands in the messages of scheduler-service. */
const COMMANDS =
  /(?:npx )?bellwether weekly (approve|void|run|supersede) (--week \S+ (?:--model \S+ )?(?:--reason TEXT|--input FILE))/g;

/**
 * Replaces the names of RPC fields in a message by the names of the options, gives commands the options of this one, and
 * adds the path of the report.
 */
function withOptions(message: string, { report }: WeeklyFailure, given: GivenOptions): string {
  const text = withGiven(inCommandWords(withDecisionOptions(message), FILE_COLUMNS), given);
  return report === undefined ? text : `${text}. All reasons and samples of rejected rows: ${report}`;
}

/** Gives the commands in a message the options of this one. */
const withGiven = (message: string, given: GivenOptions): string =>
  message.replaceAll(COMMANDS, (_, name: "approve" | "void" | "run" | "supersede", args: string) => {
    const { model, ...others } = given;
    const isNamed = model === undefined || args.includes("--model ");
    return weeklyCommandText(name, args, isNamed ? others : { ...others, model });
  });

/** What a message says when the files of another data set may have been used. */
const ABOUT_CONFIG = /model_config|feature_mapping|\bmapping\b|\bno column\b|no file at this path/i;

/** What ml-service and ops-service say about a model that they do not have. The configuration names the model. */
const UNKNOWN_MODEL = /\bno model "/;

/** Adds to a message about the files of the configuration which ones were used, where none were named. */
export function withConfigFiles(
  message: string,
  { config, mapping }: Pick<RunOptions, "config" | "mapping">,
  given: GivenOptions,
): string {
  if (given.config !== undefined && given.mapping !== undefined) return message;
  if (UNKNOWN_MODEL.test(message))
    return `${message}. The name of the model is from ${config}; with another data set, name its files with --config FILE and --mapping FILE (BELLWETHER_MODEL_CONFIG and BELLWETHER_FEATURE_MAPPING)`;
  if (!ABOUT_CONFIG.test(message)) return message;
  return `${message}. The files of the data set are here ${config} and ${mapping}; name others with --config FILE and --mapping FILE`;
}

/** End of a message about a peer that is not available for a while. */
const CONTINUES = "run the command again later, and the run continues where it stopped";

/**
 * Adds the address of a peer that does not answer, and how to set another address. When nothing was run yet, also how
 * the services are started.
 */
export function withAddress(
  message: string,
  urls: Readonly<Record<"ml-service" | "ops-service", string>>,
  hasBegun: boolean,
): string {
  const [, away] = /^(ml-service|ops-service) (?:does not answer|cannot take the call)/.exec(message) ?? [];
  if (away !== "ml-service" && away !== "ops-service") return message;
  const { option, prefix } = away === "ml-service" ? ML_PEER : OPS_PEER;
  const start = "npx bellwether start starts the services on this machine";
  const isAway = message.startsWith(`${away} does not answer`);
  const text =
    hasBegun || !isAway
      ? message
      : message.includes(CONTINUES)
        ? message.replace(CONTINUES, `${start}; then run the command again`)
        : `${message}; ${start}`;
  return `${text}. Its address here is ${urls[away]}; set another one with ${option} URL, ${prefix}_URL or ${prefix}_GRPC_PORT`;
}
