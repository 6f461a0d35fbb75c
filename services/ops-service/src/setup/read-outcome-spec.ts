import { access } from "node:fs/promises";
import { outcomesOf, parseModelConfig } from "@bellwether/config/model-config";
import type { OutcomeSpec } from "@bellwether/config/model-spec";
import { readYaml } from "@bellwether/config/yaml-file";

/** Returns what counts as the risk of a model. */
export type OutcomeSpecOf = (modelName: string) => OutcomeSpec;

/**
 * Reads what the model configuration declares about outcomes. Other models have the defaults, and so has the model without a file.
 * @param warn called when there is no file
 * @throws ConfigError with every violation of the file
 */
export async function readOutcomeSpec(file: string, warn: (message: string) => void): Promise<OutcomeSpecOf> {
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (!exists) {
    warn(
      `${file} does not exist, so outcomes are about ${outcomesOf(null).horizonDays} days; set BELLWETHER_MODEL_CONFIG to the configuration of the model`,
    );
    return () => outcomesOf(null);
  }
  const spec = parseModelConfig(await readYaml(file));
  return (modelName) => outcomesOf(modelName === spec.name ? spec : null);
}
