import { mkdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { replaceFile } from "./durable-write.ts";
import { modelFolder, versionFolder } from "./layout.ts";
import {
  AliasMovedError,
  ModelCorruptError,
  ModelNotFoundError,
  RegistryNameError,
  VersionNotFoundError,
} from "./registry-error.ts";
import { withWriteLock } from "./write-lock.ts";

/** The aliases there are: the version that answers, and the one that is tried beside it. */
export const ALIAS_NAMES = ["champion", "challenger"] as const;
export type AliasName = (typeof ALIAS_NAMES)[number];

/** A text as the alias that it names. @throws RegistryNameError */
export function aliasFromText(text: string): AliasName {
  const alias = ALIAS_NAMES.find((name) => name === text);
  if (alias === undefined) throw new RegistryNameError(`alias "${text.slice(0, 80)}": use ${ALIAS_NAMES.join(" or ")}`);
  return alias;
}

/** A name that points at a version. */
export interface Alias {
  readonly name: AliasName;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly setAt: string;
  readonly setBy: string;
  readonly reason: string;
}

/** `aliases.json`: where the aliases point, which version was champion when, and every move of every alias, oldest first. */
export interface AliasFile {
  readonly format: "bellwether.aliases/1";
  readonly aliases: readonly Alias[];
  readonly champions: readonly Alias[];
  readonly moves: readonly Alias[];
}

/** Moves remembered at most, champions apart; a model promoted weekly fills it in 19 years. */
const MAX_HISTORY = 1_000;

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** Reads a model's aliases; a model without any has none set. @throws ModelNotFoundError */
export async function readAliases(root: string, modelName: string): Promise<AliasFile> {
  const folder = modelFolder(root, modelName);
  const file = path.join(folder, "aliases.json");
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) {
    if (!(await exists(folder))) throw new ModelNotFoundError(modelName);
    return { format: "bellwether.aliases/1", aliases: [], champions: [], moves: [] };
  }
  try {
    const parsed = JSON.parse(text) as AliasFile;
    if (parsed.format === "bellwether.aliases/1" && Array.isArray(parsed.aliases) && Array.isArray(parsed.champions))
      // A file of before there were moves.
      return Array.isArray(parsed.moves) ? parsed : { ...parsed, moves: parsed.champions };
  } catch {
    // said below
  }
  throw new ModelCorruptError(file, "is not an alias file");
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
 * @throws ModelNotFoundError, VersionNotFoundError, AliasMovedError, RegistryBusyError
 */
export async function setAlias(root: string, request: SetAlias): Promise<Alias> {
  const { modelName, alias, version, expectedVersion } = request;
  const folder = modelFolder(root, modelName);
  if (!(await exists(folder))) throw new ModelNotFoundError(modelName);
  if (!(await exists(path.join(versionFolder(root, modelName, version), "manifest.json")))) {
    throw new VersionNotFoundError(modelName, version);
  }
  await mkdir(folder, { recursive: true });
  return withWriteLock(folder, async () => {
    const file = await readAliases(root, modelName);
    const current = file.aliases.find((entry) => entry.name === alias);
    if (current?.version === version) return current;
    if (expectedVersion !== undefined && (current?.version ?? "") !== expectedVersion) {
      throw new AliasMovedError(alias, expectedVersion, current?.version ?? "");
    }
    const next: Alias = {
      name: alias,
      version,
      setAt: request.now.toISOString(),
      setBy: request.setBy,
      reason: request.reason,
    };
    const aliases = [...file.aliases.filter((entry) => entry.name !== alias), next].sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    const champions = alias === "champion" ? [...file.champions, next].slice(-MAX_HISTORY) : file.champions;
    const moves = [...file.moves, next].slice(-MAX_HISTORY);
    const changed: AliasFile = { format: "bellwether.aliases/1", aliases, champions, moves };
    await replaceFile(path.join(folder, "aliases.json"), `${JSON.stringify(changed, null, 2)}\n`);
    return next;
  });
}
