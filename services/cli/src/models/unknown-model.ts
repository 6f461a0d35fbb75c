import { addressOf } from "@bellwether/registry/open-registry";
import { listModels } from "@bellwether/registry/versions/read-version";
import { type CliContext, registryOf } from "../context/cli-context.ts";

/** Maximum number of models that are named. */
const SHOWN = 10;

/**
 * Returns the message for a model that the registry of the command does not have: with the place of the registry, its
 * models, and the ways to name another one.
 */
export async function unknownModelText(context: CliContext, modelName: string): Promise<string> {
  const registry = registryOf(context);
  const names = await listModels(registry).catch((): string[] => []);
  const place = `the registry ${addressOf(registry)} (MODEL_REGISTRY_URL)`;
  if (names.length === 0)
    return `no model ${JSON.stringify(modelName)}: ${place} has no models; name the folder of the registry, or publish a model with: bellwether train --publish`;
  const more = names.length - SHOWN;
  return `no model ${JSON.stringify(modelName)} in ${place}; its models are ${names.slice(0, SHOWN).join(", ")}${more > 0 ? ` and ${more} more` : ""}: name one with --model, or with BELLWETHER_MODEL; or publish a model with: bellwether train --publish`;
}
