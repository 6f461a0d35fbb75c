import { type Alias, type AliasFile, MAX_HISTORY } from "./alias-file.ts";

/** A change of an alias, with the version before it. */
export interface AliasMove extends Alias {
  /** Version that the alias pointed at before. Null: it was not set, or the file no longer has the change before. */
  readonly from: string | null;
}

/**
 * Returns the changes of all aliases that an alias file still has, newest first. Changes of the challenger may have displaced older
 * changes of the champion from the moves; those are taken from the champions.
 */
export function aliasHistory({ champions, moves }: AliasFile): AliasMove[] {
  const oldest = moves[0]?.setAt ?? "";
  const older = moves.length < MAX_HISTORY ? [] : champions.filter(({ setAt }) => setAt < oldest);
  const before = new Map<string, string>();
  return [...older, ...moves]
    .map((move) => {
      const from = before.get(move.name) ?? null;
      before.set(move.name, move.version);
      return { ...move, from };
    })
    .reverse();
}
