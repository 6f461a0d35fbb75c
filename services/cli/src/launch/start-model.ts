import path from "node:path";
import { parseModelConfig } from "@bellwether/config/model-config";
import { readYaml } from "@bellwether/config/yaml-file";
import { readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { listModels } from "@bellwether/registry/versions/read-version";
import { type CliContext, registryOf } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { shellWord } from "../output/shell-word.ts";

/** The model with which the services of one machine are started. */
export interface StartModel {
  /** Model of requests that name none. */
  readonly name: string;
  /** Model of the weekly runs: that of the model configuration. */
  readonly weekly: string;
  /** Whether it is the demo model, with the configuration of the repository. */
  readonly isDemo: boolean;
  readonly isPublished: boolean;
}

/**
 * Chooses the model of a start: BELLWETHER_MODEL, else the model of the model configuration. A demo model is trained only
 * when neither names another model or other files, and the registry has none.
 * @param repository folder of the repository, with the configuration of the demo model
 * @throws UsageError when the registry has no version of a model of the user's own; EnvError, ConfigError
 */
export async function chooseModel(context: CliContext, repository: string): Promise<StartModel> {
  const { modelConfig, model: demo } = readEnv(
    { BELLWETHER_MODEL_CONFIG: context.env.BELLWETHER_MODEL_CONFIG },
    { modelConfig: sharedEnv.modelConfig, model: sharedEnv.model },
  );
  const file = path.resolve(context.cwd, modelConfig);
  const weekly = parseModelConfig(await readYaml(file)).name;
  const name = context.env.BELLWETHER_MODEL ? readEnv(context.env, { name: sharedEnv.model }).name : weekly;
  const models = await listModels(registryOf(context));
  const isPublished = models.includes(name);
  const isDemo = name === demo && file === path.join(repository, "config/model_config.yaml");
  if (isPublished || isDemo) return { name, weekly, isDemo, isPublished };
  const origin = context.env.BELLWETHER_MODEL ? "BELLWETHER_MODEL" : modelConfig;
  const { registry } = readEnv(context.env, { registry: sharedEnv.registry });
  const known = models.length === 0 ? "it is empty" : `it has ${models.sort().join(", ")}`;
  const files = `--config ${shellWord(modelConfig)} --mapping ${shellWord(readEnv(context.env, { mapping: sharedEnv.featureMapping }).mapping)}`;
  throw new UsageError(
    `the registry ${registry} has no version of the model ${name} (${origin}): ${known}. Publish one first (npx bellwether train ${files} --data FOLDER --publish), or unset BELLWETHER_MODEL and BELLWETHER_MODEL_CONFIG to start with a demo model`,
  );
}

/** Returns why no weekly run of the started model is made; "" when one may be. */
export function noWeeklyRunText({ name, weekly }: StartModel, modelConfig: string): string {
  if (name === weekly) return "";
  return `${modelConfig} is that of the model ${weekly}, and BELLWETHER_MODEL is ${name}; set BELLWETHER_MODEL_CONFIG and BELLWETHER_FEATURE_MAPPING to the files of ${name}`;
}
