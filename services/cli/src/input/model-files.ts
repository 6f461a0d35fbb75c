import path from "node:path";
import { DEFAULT_MODELS_FOLDER, listModelFolders } from "@bellwether/config/list-model-folders";
import { readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";

/** The files of a further model with which its weeks are run. */
export interface ModelFiles {
  readonly config: string;
  readonly mapping: string;
  readonly riskPolicy: string;
}

/**
 * Returns the files of a model that has a folder of its own, as absolute paths. @throws UsageError when there is no such folder
 */
export async function modelFilesOf(
  modelName: string,
  { cwd, env }: Pick<CliContext, "cwd" | "env">,
): Promise<ModelFiles> {
  const { modelFolders } = readEnv(env, { modelFolders: sharedEnv.modelFolders });
  const root = path.resolve(cwd, modelFolders ?? DEFAULT_MODELS_FOLDER);
  const names = await listModelFolders(root).catch((): readonly string[] => []);
  if (!names.includes(modelName)) {
    const known = names.length === 0 ? "it has no folder of a model" : `it has: ${names.join(", ")}`;
    throw new UsageError(
      `--model ${modelName}: ${root} has no folder with this name; ${known}. Without --model, the command uses --config and --mapping`,
    );
  }
  const at = (file: string): string => path.join(root, modelName, file);
  return { config: at("model_config.yaml"), mapping: at("feature_mapping.yaml"), riskPolicy: at("risk_policy.yaml") };
}
