import path from "node:path";
import type { ConfigPair } from "@bellwether/config/config-pair";
import { readEnv } from "@bellwether/env/env";
import { INGEST_ENV, ingestLimits } from "@bellwether/ingest/ingest-env";
import { SourceError, withSqlPlace } from "@bellwether/ingest/ingest-errors";
import { readTrainingTable, type TrainingInput, type TrainingTable } from "@bellwether/ingest/training/training-table";
import type { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { type ConfigFiles, withConfigOptions } from "../input/config-options.ts";
import { loadNamedPair } from "../input/load-named-pair.ts";
import { showStep } from "../output/report.ts";

/**
 * Paths of the two configuration files that describe a data set (model_config.yaml and feature_mapping.yaml),
 * and of the folder with its tables.
 */
export interface DataOptions extends ConfigFiles {
  readonly data: string;
}

/** Adds the three options of every command that reads a data set. */
export function withDataOptions(command: Command, context: CliContext): Command {
  return withConfigOptions(command, context, {
    config: "model configuration, YAML: target, features and training options",
    mapping: "feature mapping, YAML: how the raw tables become features",
  }).requiredOption("--data <dir>", "folder with the raw tables that the feature mapping names (required)");
}

/**
 * Reads the two configuration files (model_config.yaml and feature_mapping.yaml) and maps the raw tables to
 * labelled feature rows.
 */
export async function loadTrainingData(
  options: DataOptions,
  { env, cwd }: CliContext,
  { checksFuture }: Pick<TrainingInput, "checksFuture"> = {},
): Promise<ConfigPair & { data: TrainingTable }> {
  const pair = await loadNamedPair(options, { env, cwd });
  showStep(`reading ${options.data}`);
  const data = await readTrainingTable({
    model: pair.model,
    mapping: pair.mapping,
    dataDir: path.resolve(cwd, options.data),
    limits: ingestLimits(readEnv(env, INGEST_ENV)),
    ...(checksFuture !== undefined && { checksFuture }),
  }).catch((error: unknown) => {
    throw withFolder(withSqlPlace(error, pair.sqlPlace), path.resolve(cwd, options.data));
  });
  return { ...pair, data };
}

/** Adds to a message about a file that does not exist in which folder it was looked for. */
export function withFolder(error: unknown, folder: string): unknown {
  if (!(error instanceof SourceError) || !error.problem.includes("does not exist")) return error;
  return new SourceError(error.source, error.file, `${error.problem}, or the folder, which is ${folder} (--data)`);
}
