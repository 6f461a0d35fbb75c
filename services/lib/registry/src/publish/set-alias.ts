import { REASON_PATTERN } from "@bellwether/contract/reason-text";
import {
  type Alias,
  type AliasFile,
  type AliasName,
  MAX_ALIAS_BYTES,
  MAX_HISTORY,
  MAX_REASON,
  MAX_SET_BY,
  NO_ALIASES,
  parseAliasFile,
} from "../aliases/alias-file.ts";
import { aliasFileOf, readAliases } from "../aliases/aliases.ts";
import { AliasMovedError, RegistryNameError, VersionNotFoundError } from "../registry-error.ts";
import { type Registry, storageOf } from "../storage/storage-of.ts";
import { readVersion, type VersionCheck } from "../versions/read-version.ts";

/** A request to move an alias. `expectedVersion` ("" = not set yet) makes it a compare-and-set. */
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
 * Points an alias at a version: replaces the alias file by one conditional write, so that the alias and its history change together. When the alias already
 * points at the version, nothing changes and `expectedVersion` is ignored, because the caller may be
 * retrying. Before the alias moves, the version's files are compared with its manifest and passed to `check`.
 * @throws ModelNotFoundError, VersionNotFoundError, AliasMovedError, RegistryBusyError, ModelCorruptError when the alias file or the
 * version's files are corrupt, RegistryNameError when a text is too long for the alias file; any error of
 * `check`
 */
export async function setAlias(registry: Registry, request: SetAlias, check: VersionCheck): Promise<Alias> {
  const { modelName, alias, version, setBy, reason } = request;
  if (setBy.length > MAX_SET_BY) throw new RegistryNameError(`set by: at most ${MAX_SET_BY} characters`);
  if (reason.length > MAX_REASON) throw new RegistryNameError(`reason: at most ${MAX_REASON} characters`);
  if (!REASON_PATTERN.test(reason))
    throw new RegistryNameError("reason: one line with at least one visible character is expected");
  const storage = storageOf(registry);
  const before = await readAliases(storage, modelName);
  if (!(await storage.hasFile([modelName, version, "manifest.json"]))) {
    throw new VersionNotFoundError(modelName, version);
  }
  // The preconditions come first, so that a move that would be rejected costs no check. The check runs
  // before the alias file is changed, because other writers may wait for the change.
  if (unmovedAlias(before, request) === undefined) await check(await readVersion(storage, modelName, version));
  const aliasFile = aliasFileOf(modelName);
  return await storage.update(aliasFile, MAX_ALIAS_BYTES, (text) => {
    const file = text === null ? NO_ALIASES : parseAliasFile(text, storage.placeOf(aliasFile));
    const current = unmovedAlias(file, request);
    if (current !== undefined) return { text: null, result: current };
    const next: Alias = { name: alias, version, setAt: request.now.toISOString(), setBy, reason };
    const aliases = [...file.aliases.filter((entry) => entry.name !== alias), next].sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    const champions = alias === "champion" ? [...file.champions, next].slice(-MAX_HISTORY) : file.champions;
    const moves = [...file.moves, next].slice(-MAX_HISTORY);
    const changed: AliasFile = { format: NO_ALIASES.format, aliases, champions, moves };
    return { text: `${JSON.stringify(changed, null, 2)}\n`, result: next };
  });
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
