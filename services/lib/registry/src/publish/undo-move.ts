import {
  type Alias,
  type AliasFile,
  type AliasName,
  MAX_ALIAS_BYTES,
  NO_ALIASES,
  parseAliasFile,
} from "../aliases/alias-file.ts";
import { aliasFileOf, aliasVersion } from "../aliases/aliases.ts";
import { VersionNotFoundError } from "../registry-error.ts";
import type { RegistryStorage } from "../storage/registry-storage.ts";
import { aliasText, moveAlias } from "./move-alias.ts";

/** A move of an alias that was just made. */
export interface MadeMove {
  readonly modelName: string;
  readonly alias: AliasName;
  readonly version: string;
  readonly setBy: string;
  readonly now: Date;
  /** Version that the alias pointed at before. Undefined: none. */
  readonly before: string | undefined;
}

/** The alias after a call, and the move that was made; null: none was. */
export interface MoveResult {
  readonly moved: Alias;
  readonly made: MadeMove | null;
}

/**
 * Moves an alias back when its version was removed while it was moved. `removeVersion` removes the manifest first and then looks at the
 * aliases, and a move looks at the manifest last: of a move and a removal at the same time, at least one sees the other.
 * @throws VersionNotFoundError when the version was removed
 */
export async function undoMoveToRemoved(storage: RegistryStorage, made: MadeMove): Promise<void> {
  const { modelName, alias, version } = made;
  if (await storage.hasFile([modelName, version, "manifest.json"])) return;
  const aliasFile = aliasFileOf(modelName);
  await storage.update(aliasFile, MAX_ALIAS_BYTES, (text) => {
    const file = text === null ? NO_ALIASES : parseAliasFile(text, storage.placeOf(aliasFile));
    const isMoved = aliasVersion(file, alias) !== version;
    return { text: isMoved ? null : aliasText(movedBack(file, made)), result: undefined };
  });
  throw new VersionNotFoundError(modelName, version);
}

function movedBack(file: AliasFile, { before, ...made }: MadeMove): AliasFile {
  const { gates } = file;
  const undecided = {
    ...file,
    ...(gates !== undefined && {
      gates: gates.map((entry) =>
        entry.version === made.version && entry.decision?.outcome === "approved" ? { ...entry, decision: null } : entry,
      ),
    }),
  };
  if (before === undefined) return { ...undecided, aliases: file.aliases.filter(({ name }) => name !== made.alias) };
  const reason = `back to ${before}: ${made.version} was removed at the same time`;
  return moveAlias(undecided, { ...made, version: before, reason }).changed;
}
