import { ModelNotFoundError, RegistryNameError } from "../registry-error.ts";
import type { RegistryFile } from "../storage/registry-storage.ts";
import { type Registry, storageOf } from "../storage/storage-of.ts";
import {
  ALIAS_NAMES,
  type AliasFile,
  type AliasName,
  MAX_ALIAS_BYTES,
  NO_ALIASES,
  parseAliasFile,
} from "./alias-file.ts";

/** Returns the alias of that name. @throws RegistryNameError for any other text */
export function aliasFromText(text: string): AliasName {
  const alias = ALIAS_NAMES.find((name) => name === text);
  if (alias === undefined) throw new RegistryNameError(`alias "${text.slice(0, 80)}": use ${ALIAS_NAMES.join(" or ")}`);
  return alias;
}

/**
 * Reads a model's aliases. A model without an alias file has no alias set. @throws ModelNotFoundError,
 * ModelCorruptError
 */
export async function readAliases(registry: Registry, modelName: string): Promise<AliasFile> {
  const storage = storageOf(registry);
  const file = aliasFileOf(modelName);
  const bytes = await storage.read(file, { maxBytes: MAX_ALIAS_BYTES });
  if (bytes !== null) return parseAliasFile(Buffer.from(bytes).toString("utf8"), storage.placeOf(file));
  if (!(await storage.hasModel(modelName))) throw new ModelNotFoundError(modelName);
  return NO_ALIASES;
}

/** Returns the path of a model's alias file. */
export const aliasFileOf = (modelName: string): RegistryFile => [modelName, "aliases.json"];

/** Returns the version an alias points at, or undefined. */
export function aliasVersion(file: AliasFile, name: string): string | undefined {
  return file.aliases.find((alias) => alias.name === name)?.version;
}
