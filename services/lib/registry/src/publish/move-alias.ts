import { REASON_PATTERN } from "@bellwether/contract/reason-text";
import {
  type Alias,
  type AliasFile,
  type AliasName,
  MAX_HISTORY,
  MAX_REASON,
  MAX_SET_BY,
} from "../aliases/alias-file.ts";
import { RegistryNameError } from "../registry-error.ts";

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

/** @throws RegistryNameError when the name or the reason is not valid for the alias file */
export function checkTexts({ setBy, reason }: Pick<SetAlias, "setBy" | "reason">): void {
  if (setBy.length > MAX_SET_BY) throw new RegistryNameError(`set by: at most ${MAX_SET_BY} characters`);
  if (reason.length > MAX_REASON) throw new RegistryNameError(`reason: at most ${MAX_REASON} characters`);
  if (!REASON_PATTERN.test(reason))
    throw new RegistryNameError("reason: one line with at least one visible character is expected");
}

/** Returns the alias file after a move, and the alias in it. */
export function moveAlias(
  file: AliasFile,
  { alias, version, setBy, reason, now }: SetAlias,
): { readonly changed: AliasFile; readonly next: Alias } {
  const next: Alias = { name: alias, version, setAt: now.toISOString(), setBy, reason };
  const aliases = [...file.aliases.filter((entry) => entry.name !== alias), next].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const champions = alias === "champion" ? [...file.champions, next].slice(-MAX_HISTORY) : file.champions;
  const moves = [...file.moves, next].slice(-MAX_HISTORY);
  return { changed: { ...file, aliases, champions, moves }, next };
}

/** Returns the text of an alias file. */
export const aliasText = (file: AliasFile): string => `${JSON.stringify(file, null, 2)}\n`;
