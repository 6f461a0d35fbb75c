import path from "node:path";
import { readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { registryRoot } from "@bellwether/registry/layout";

/** Where the command runs; the only place that knows the environment. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** Model asked when none is named. @throws EnvError */
export const defaultModel = ({ env }: CliContext): string => readEnv(env, { model: sharedEnv.model }).model;

/** Folder of the registry. @throws EnvError; RegistryNameError for a URL that is not a folder. */
export const registryFolder = ({ env, cwd }: CliContext): string =>
  registryRoot(readEnv(env, { registry: sharedEnv.registry }).registry, cwd);

/** Folder for databases, spools and the demo's tables. @throws EnvError */
export const dataFolder = ({ env, cwd }: CliContext): string =>
  path.resolve(cwd, readEnv(env, { dataDir: sharedEnv.dataDir }).dataDir);
