import { versionNumber } from "../layout.ts";
import { RegistryNameError } from "../registry-error.ts";

/**
 * Returns the first version after all that exist. A number whose version was never completed is not used again.
 * @param names names in the folder of the model
 * @param after number that is taken although it is not among the names; 0: none
 * @throws RegistryNameError when the model has the highest number
 */
export function nextVersion(
  modelName: string,
  names: readonly string[],
  after: number,
): { readonly version: string; readonly number: number } {
  const number = names.reduce((newest, name) => Math.max(newest, versionNumber(name)), after) + 1;
  const version = `v${number}`;
  if (versionNumber(version) === 0) {
    throw new RegistryNameError(
      `model "${modelName}" has v${number - 1}, the highest possible version number; rename or remove that folder`,
    );
  }
  return { version, number };
}
