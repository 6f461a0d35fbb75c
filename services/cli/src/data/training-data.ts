import path from "node:path";
import { type ConfigPair, loadConfigPair } from "@bellwether/config/config-pair";
import { readEnv } from "@bellwether/env/env";
import { INGEST_ENV, ingestLimits } from "@bellwether/ingest/ingest-env";
import { withSqlPlace } from "@bellwether/ingest/ingest-errors";
import { readTrainingTable, type TrainingInput, type TrainingTable } from "@bellwether/ingest/training/training-table";
import type { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { type ConfigFiles, withConfigOptions } from "../input/config-options.ts";
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
  const pair = await loadConfigPair(path.resolve(cwd, options.config), path.resolve(cwd, options.mapping));
  showStep(`reading ${options.data}`);
  const data = await readTrainingTable({
    model: pair.model,
    mapping: pair.mapping,
    dataDir: path.resolve(cwd, options.data),
    limits: ingestLimits(readEnv(env, INGEST_ENV)),
    ...(checksFuture !== undefined && { checksFuture }),
  }).catch((error: unknown) => {
    throw withSqlPlace(error, pair.sqlPlace);
  });
  return { ...pair, data };
}
