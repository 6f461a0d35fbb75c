import path from "node:path";
import { registryRoot } from "@bellwether/registry/layout";

/** Where the command runs; the only place that knows the environment. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** Model asked when none is named. */
export const defaultModel = ({ env }: CliContext): string => env.BELLWETHER_MODEL ?? "supplier-risk";

/** Folder of the registry. @throws RegistryNameError for a URL that is not a folder. */
export const registryFolder = ({ env, cwd }: CliContext): string =>
  registryRoot(env.MODEL_REGISTRY_URL ?? "file:models", cwd);

/** Folder for databases, spools and the demo's tables. */
export const dataFolder = ({ env, cwd }: CliContext): string =>
  path.resolve(cwd, env.BELLWETHER_DATA_DIR ?? ".bellwether");
