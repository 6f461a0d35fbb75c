import { parseModelConfig } from "@bellwether/config/model-config";
import { loadModelFolders, type ModelFolder } from "@bellwether/config/model-folders";
import { loadModelPolicy } from "@bellwether/config/model-policy";
import { loadModelSchedule } from "@bellwether/config/model-schedule";
import { loadRiskPolicy } from "@bellwether/config/risk-policy";
import { readYaml } from "@bellwether/config/yaml-file";
import type { ModelRuns } from "./model-runs.ts";

const HOUR_MS = 3_600_000;

/** The files and the schedule of the default model, and where the further ones are. */
export interface FurtherModelsSettings extends Required<Omit<ModelRuns, "input" | "featureMapping">> {
  /** Folder of the folders of the models. Null: config/models, if it exists. */
  readonly modelFolders: string | null;
  readonly riskPolicy: string;
}

/**
 * Reads which further models the scheduler runs, with their schedules. What a schedule leaves out is as for the default model.
 * @throws ConfigError with every violation of the first invalid file, or of all folders
 */
export async function readFurtherModels(
  settings: FurtherModelsSettings,
): Promise<readonly (ModelRuns & { readonly modelName: string })[]> {
  const { name: defaultName } = parseModelConfig(await readYaml(settings.modelConfig));
  const folders = await loadModelFolders(settings.modelFolders, defaultName);
  if (folders.length === 0) return [];
  const shared = await loadRiskPolicy(settings.riskPolicy);
  const models: (ModelRuns & { readonly modelName: string })[] = [];
  for (const folder of folders) {
    await loadModelPolicy(folder.riskPolicy, shared);
    models.push(await runsOf(folder, settings));
  }
  return models;
}

async function runsOf(folder: ModelFolder, settings: FurtherModelsSettings) {
  const { name: modelName, modelConfig, featureMapping, riskPolicy } = folder;
  const { input, cron, timeZone, inputMarker, inputDeadlineHours } = await loadModelSchedule(folder.schedule);
  return {
    ...{ modelName, modelConfig, featureMapping, riskPolicy, input },
    cron: cron ?? settings.cron,
    timeZone: timeZone ?? settings.timeZone,
    inputMarker: inputMarker ?? settings.inputMarker,
    inputDeadlineMs: inputDeadlineHours === null ? settings.inputDeadlineMs : inputDeadlineHours * HOUR_MS,
  };
}
