import { stat } from "node:fs/promises";
import path from "node:path";
import { MODEL_NAME_PATTERN, MODEL_NAME_RULE } from "@bellwether/contract/model-name";
import { ConfigError, type ConfigViolation } from "./config-error.ts";
import { DEFAULT_MODELS_FOLDER, listModelFolders } from "./list-model-folders.ts";
import { parseModelConfig } from "./model-config.ts";
import type { ModelSpec } from "./model-spec.ts";
import { readYaml } from "./yaml-file.ts";

/** Maximum number of further models: each has queues, workers and connections of its own. */
export const MAX_FURTHER_MODELS = 8;

/** The files that each folder of a model has. */
const FILES = {
  modelConfig: "model_config.yaml",
  featureMapping: "feature_mapping.yaml",
  alertRules: "alert_rules.yaml",
  riskPolicy: "risk_policy.yaml",
  schedule: "schedule.yaml",
} as const;

/** A further model of the installation: its name, and the paths of its files. */
export type ModelFolder = { readonly name: string; readonly model: ModelSpec } & {
  readonly [file in keyof typeof FILES]: string;
};

/**
 * Reads which models the installation has besides the default one: one folder for each, with the name of its model.
 * Files beside the folders, and names that begin with a point, are ignored.
 * @param folder null: `DEFAULT_MODELS_FOLDER`, if it exists
 * @param defaultName name of the default model
 * @returns the models in the order of their names; none when `folder` is null and the default folder does not exist
 * @throws ConfigError with every violation of all folders
 */
export async function loadModelFolders(folder: string | null, defaultName: string): Promise<readonly ModelFolder[]> {
  const root = folder ?? DEFAULT_MODELS_FOLDER;
  const names = await listModelFolders(folder).catch((error: NodeJS.ErrnoException) => {
    const found = error.code === "ENOENT" ? "no folder at this path" : `${error.code ?? "an error"} when reading`;
    throw new ConfigError([violation(root, found, "a folder with one folder per further model (BELLWETHER_MODELS)")]);
  });
  const violations: ConfigViolation[] = [];
  if (names.length > MAX_FURTHER_MODELS)
    violations.push(violation(root, `${names.length} folders`, `at most ${MAX_FURTHER_MODELS} further models`));
  const found: ModelFolder[] = [];
  for (const name of names) {
    const read = await readFolder(root, name, defaultName).catch((error: unknown) => {
      if (!(error instanceof ConfigError)) throw error;
      violations.push(...error.violations);
      return null;
    });
    if (read !== null) found.push(read);
  }
  if (violations.length > 0) throw new ConfigError(violations);
  return found;
}

async function readFolder(root: string, name: string, defaultName: string): Promise<ModelFolder> {
  const folder = path.join(root, name);
  if (!MODEL_NAME_PATTERN.test(name))
    throw new ConfigError([
      violation(folder, `the folder name ${JSON.stringify(name)}`, `a model name: ${MODEL_NAME_RULE}`),
    ]);
  const at = (file: keyof typeof FILES): string => path.join(folder, FILES[file]);
  const missing: ConfigViolation[] = [];
  for (const file of Object.values(FILES))
    if (!(await isFile(path.join(folder, file))))
      missing.push(violation(path.join(folder, file), "no file at this path", `the ${file} of the model ${name}`));
  if (missing.length > 0) throw new ConfigError(missing);
  const yaml = await readYaml(at("modelConfig"));
  const model = parseModelConfig(yaml);
  const place = { file: at("modelConfig"), ...yaml.place(["name"]), path: "name", found: JSON.stringify(model.name) };
  if (model.name !== name) throw new ConfigError([{ ...place, expected: `${name}, the name of its folder` }]);
  if (name === defaultName)
    throw new ConfigError([
      { ...place, expected: "a name of its own: the default model (BELLWETHER_MODEL_CONFIG) has it" },
    ]);
  return {
    ...{ name, model, modelConfig: at("modelConfig"), featureMapping: at("featureMapping") },
    ...{ alertRules: at("alertRules"), riskPolicy: at("riskPolicy"), schedule: at("schedule") },
  };
}

const isFile = (file: string): Promise<boolean> =>
  stat(file).then(
    (found) => found.isFile(),
    () => false,
  );

const violation = (file: string, found: string, expected: string): ConfigViolation => ({
  ...{ file, line: 1, column: 1, path: "", found, expected },
});
