import { stat } from "node:fs/promises";
import path from "node:path";
import {
  ALIAS_NAMES,
  type Alias,
  type AliasFile,
  type AliasName,
  MAX_ALIAS_BYTES,
  MAX_HISTORY,
  MAX_REASON,
  MAX_SET_BY,
  NO_ALIASES,
  parseAliasFile,
} from "./alias-file.ts";
import { replaceFile } from "./durable-write.ts";
import { modelFolder, versionFolder } from "./layout.ts";
import { readPlainFile } from "./plain-file.ts";
import { AliasMovedError, ModelNotFoundError, RegistryNameError, VersionNotFoundError } from "./registry-error.ts";
import { withWriteLock } from "./write-lock.ts";

/** A text as the alias that it names. @throws RegistryNameError */
export function aliasFromText(text: string): AliasName {
  const alias = ALIAS_NAMES.find((name) => name === text);
  if (alias === undefined) throw new RegistryNameError(`alias "${text.slice(0, 80)}": use ${ALIAS_NAMES.join(" or ")}`);
  return alias;
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** Reads a model's aliases; a model without an alias file has none set. @throws ModelNotFoundError, ModelCorruptError */
export async function readAliases(root: string, modelName: string): Promise<AliasFile> {
  const folder = modelFolder(root, modelName);
  const file = path.join(folder, "aliases.json");
  const bytes = await readPlainFile(file, MAX_ALIAS_BYTES);
  if (bytes !== null) return parseAliasFile(Buffer.from(bytes).toString("utf8"), file);
  if (!(await exists(folder))) throw new ModelNotFoundError(modelName);
  return NO_ALIASES;
}

/** The version an alias points at, or undefined. */
export function aliasVersion(file: AliasFile, name: string): string | undefined {
  return file.aliases.find((alias) => alias.name === name)?.version;
}

/** Asks to move an alias; `expectedVersion` ("" = not set yet) makes it a compare-and-set. */
export interface SetAlias {
  readonly modelName: string;
  readonly alias: AliasName;
  readonly version: string;
  readonly setBy: string;
  readonly reason: string;
  readonly now: Date;
  readonly expectedVersion?: string;
}

/**
 * Points an alias at a version by renaming a new alias file into place; setting it where it stands changes nothing, whatever was expected:
 * the caller may be asking again.
 * @throws ModelNotFoundError, VersionNotFoundError, AliasMovedError, RegistryBusyError, ModelCorruptError when it cannot be told where the
 * aliases stand, RegistryNameError when a text is too long for the alias file
 */
export async function setAlias(root: string, request: SetAlias): Promise<Alias> {
  const { modelName, alias, version, expectedVersion, setBy, reason } = request;
  if (setBy.length > MAX_SET_BY) throw new RegistryNameError(`set by: at most ${MAX_SET_BY} characters`);
  if (reason.length > MAX_REASON) throw new RegistryNameError(`reason: at most ${MAX_REASON} characters`);
  const folder = modelFolder(root, modelName);
  if (!(await exists(folder))) throw new ModelNotFoundError(modelName);
  if (!(await exists(path.join(versionFolder(root, modelName, version), "manifest.json")))) {
    throw new VersionNotFoundError(modelName, version);
  }
  return withWriteLock(folder, async () => {
    const file = await readAliases(root, modelName);
    const current = file.aliases.find((entry) => entry.name === alias);
    if (current?.version === version) return current;
    if (expectedVersion !== undefined && (current?.version ?? "") !== expectedVersion) {
      throw new AliasMovedError(alias, expectedVersion, current?.version ?? "");
    }
    const next: Alias = { name: alias, version, setAt: request.now.toISOString(), setBy, reason };
    const aliases = [...file.aliases.filter((entry) => entry.name !== alias), next].sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    const champions = alias === "champion" ? [...file.champions, next].slice(-MAX_HISTORY) : file.champions;
    const moves = [...file.moves, next].slice(-MAX_HISTORY);
    const changed: AliasFile = { format: NO_ALIASES.format, aliases, champions, moves };
    await replaceFile(path.join(folder, "aliases.json"), `${JSON.stringify(changed, null, 2)}\n`);
    return next;
  });
}
