import { access } from "node:fs/promises";
import { outcomesOf, parseModelConfig } from "@bellwether/config/model-config";
import type { OutcomeSpec } from "@bellwether/config/model-spec";
import { readYaml } from "@bellwether/config/yaml-file";

/** Returns what counts as the risk of a model. */
export type OutcomeSpecOf = (modelName: string) => OutcomeSpec;

/** What the configuration of the default model declares. */
export interface DeclaredOutcomes {
  /** Name of the model. Null: there is no file. */
  readonly modelName: string | null;
  readonly of: OutcomeSpecOf;
}

/**
 * Reads what the model configuration declares about outcomes. Other models have the defaults, and so has the model without a file.
 * @param warn called when there is no file
 * @throws ConfigError with every violation of the file
 */
export async function readOutcomeSpec(file: string, warn: (message: string) => void): Promise<DeclaredOutcomes> {
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (!exists) {
    warn(
      `${file} does not exist, so outcomes are about ${outcomesOf(null).horizonDays} days; set BELLWETHER_MODEL_CONFIG to the configuration of the model`,
    );
    return { modelName: null, of: () => outcomesOf(null) };
  }
  const spec = parseModelConfig(await readYaml(file));
  return { modelName: spec.name, of: (modelName) => outcomesOf(modelName === spec.name ? spec : null) };
}
