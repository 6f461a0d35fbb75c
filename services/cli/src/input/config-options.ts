import { readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { type Command, Option } from "commander";
import type { CliContext } from "../context/cli-context.ts";

/** Paths of the two files that describe a data set. */
export interface ConfigFiles {
  /** model_config.yaml */
  readonly config: string;
  /** feature_mapping.yaml */
  readonly mapping: string;
}

/**
 * Adds --config and --mapping. The rule is the same in all commands: the option, else the variable that the services
 * read, else the file in config/.
 */
export function withConfigOptions(
  command: Command,
  { env }: Pick<CliContext, "env">,
  texts: ConfigFiles = {
    config: "model configuration, YAML",
    mapping: "feature mapping, YAML: how the columns of the file become features",
  },
): Command {
  const { modelConfig, featureMapping } = sharedEnv;
  const given = readEnv(env, { modelConfig, featureMapping });
  const option = (flags: string, text: string, { name, fallback }: typeof modelConfig, value: string): Option =>
    new Option(flags, text).default(value, `${name}; if not set, ${fallback?.value}`);
  return command
    .addOption(option("--config <file>", texts.config, modelConfig, given.modelConfig))
    .addOption(option("--mapping <file>", texts.mapping, featureMapping, given.featureMapping));
}
