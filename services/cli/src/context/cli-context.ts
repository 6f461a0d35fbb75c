import path from "node:path";
import { readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { registryOfProcess } from "@bellwether/registry/open-registry";
import type { Registry } from "@bellwether/registry/storage/storage-of";

/** Environment and working folder of a command. Commands read the environment only from here. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** Returns the name of the model that is used when the user names none. @throws EnvError */
export const defaultModel = ({ env }: CliContext): string => readEnv(env, { model: sharedEnv.model }).model;

/**
 * Returns the model registry: a folder or an object store.
 * @throws EnvError; RegistryNameError, StoreUrlError when the URL is not valid
 */
export const registryOf = ({ env, cwd }: CliContext): Registry => registryOfProcess(env, cwd);

/** Returns the folder for databases, spools and the demo's tables. @throws EnvError */
export const dataFolder = ({ env, cwd }: CliContext): string =>
  path.resolve(cwd, readEnv(env, { dataDir: sharedEnv.dataDir }).dataDir);
