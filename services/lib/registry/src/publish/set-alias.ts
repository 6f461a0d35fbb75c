import { type Alias, type AliasFile, MAX_ALIAS_BYTES, NO_ALIASES, parseAliasFile } from "../aliases/alias-file.ts";
import { aliasFileOf, aliasVersion, readAliases } from "../aliases/aliases.ts";
import { AliasMovedError, VersionNotFoundError } from "../registry-error.ts";
import { type Registry, storageOf } from "../storage/storage-of.ts";
import { readVersion, type VersionCheck } from "../versions/read-version.ts";
import { aliasText, checkTexts, moveAlias, type SetAlias } from "./move-alias.ts";
import { type MoveResult, undoMoveToRemoved } from "./undo-move.ts";

/**
 * Points an alias at a version: replaces the alias file by one conditional write, so that the alias and its history change together. When the alias already
 * points at the version, nothing changes and `expectedVersion` is ignored, because the caller may be
 * retrying. Before the alias moves, the version's files are compared with its manifest and passed to `check`.
 * @throws ModelNotFoundError, VersionNotFoundError, AliasMovedError, RegistryBusyError, ModelCorruptError when the alias file or the
 * version's files are corrupt, RegistryNameError when a text is too long for the alias file; any error of
 * `check`
 */
export async function setAlias(registry: Registry, request: SetAlias, check: VersionCheck): Promise<Alias> {
  const { modelName, alias, version } = request;
  checkTexts(request);
  const storage = storageOf(registry);
  const before = await readAliases(storage, modelName);
  if (!(await storage.hasFile([modelName, version, "manifest.json"]))) {
    throw new VersionNotFoundError(modelName, version);
  }
  // The preconditions come first, so that a move that would be rejected costs no check. The check runs
  // before the alias file is changed, because other writers may wait for the change.
  if (unmovedAlias(before, request) === undefined) await check(await readVersion(storage, modelName, version));
  const aliasFile = aliasFileOf(modelName);
  const { moved, made } = await storage.update<MoveResult>(aliasFile, MAX_ALIAS_BYTES, (text) => {
    const file = text === null ? NO_ALIASES : parseAliasFile(text, storage.placeOf(aliasFile));
    const current = unmovedAlias(file, request);
    if (current !== undefined) return { text: null, result: { moved: current, made: null } };
    const { changed, next } = moveAlias(file, request);
    return {
      text: aliasText(changed),
      result: { moved: next, made: { ...request, before: aliasVersion(file, alias) } },
    };
  });
  if (made !== null) await undoMoveToRemoved(storage, made);
  return moved;
}

/**
 * Returns the alias when it already points at the requested version.
 * @throws AliasMovedError when it points at
 * another version than expected
 */
function unmovedAlias(file: AliasFile, { alias, version, expectedVersion }: SetAlias): Alias | undefined {
  const current = file.aliases.find((entry) => entry.name === alias);
  if (current?.version === version) return current;
  if (expectedVersion !== undefined && (current?.version ?? "") !== expectedVersion) {
    throw new AliasMovedError(alias, expectedVersion, current);
  }
  return undefined;
}
