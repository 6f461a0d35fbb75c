import path from "node:path";
import { ConfigError } from "@bellwether/config/config-error";
import { type ConfigPair, loadConfigPair } from "@bellwether/config/config-pair";
import { readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { ConfigFiles } from "./config-options.ts";

/**
 * Reads the files of --config and --mapping.
 * @throws ConfigError; UsageError when the violations follow from only one of the two files being named
 */
export async function loadNamedPair(options: ConfigFiles, { env, cwd }: CliContext): Promise<ConfigPair> {
  const at = (file: string): string => path.resolve(cwd, file);
  return await loadConfigPair(at(options.config), at(options.mapping)).catch((error: unknown) => {
    throw withDefaultFile(error, options, env);
  });
}

/** Says first when one of the two files was named and the other one is the default, because they describe one data set. */
export function withDefaultFile(error: unknown, { config, mapping }: ConfigFiles, env: CliContext["env"]): unknown {
  if (!(error instanceof ConfigError)) return error;
  const { modelConfig, featureMapping } = sharedEnv;
  const other = readEnv(env, { modelConfig, featureMapping });
  const [isDefaultConfig, isDefaultMapping] = [config === other.modelConfig, mapping === other.featureMapping];
  if (isDefaultConfig === isDefaultMapping) return error;
  const [given, missing, file] = isDefaultConfig
    ? ["--mapping", "--config", config]
    : ["--config", "--mapping", mapping];
  return new UsageError(
    `${given} was given without ${missing}, which is ${file} here: the two files describe one data set; name both\n${error.message}`,
    { cause: error },
  );
}
