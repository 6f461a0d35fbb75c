import { unchecked } from "../files/unchecked.ts";
import { isUtcTime } from "../files/utc-time.ts";
import { versionNumber } from "../layout.ts";
import { ModelCorruptError } from "../registry-error.ts";
import { type GateEntry, isGateEntry, MAX_GATES } from "./gate-entry.ts";

/** The names of all aliases. The champion answers requests; the challenger is tried beside it. */
export const ALIAS_NAMES = ["champion", "challenger"] as const;
export type AliasName = (typeof ALIAS_NAMES)[number];

/** A name that points at a version. */
export interface Alias {
  readonly name: AliasName;
  readonly version: string;
  /** Time at which the alias was set, ISO 8601, UTC. */
  readonly setAt: string;
  /** Name of the user who set the alias, at most MAX_SET_BY characters. */
  readonly setBy: string;
  /** Reason for setting the alias, at most MAX_REASON characters. */
  readonly reason: string;
}

/**
 * `aliases.json`: the version of each alias, which version was champion when, and every move of every alias,
 * oldest first.
 */
export interface AliasFile {
  readonly format: "bellwether.aliases/1";
  readonly aliases: readonly Alias[];
  readonly champions: readonly Alias[];
  readonly moves: readonly Alias[];
  /** The newest results of the promotion gate, oldest first, with the decisions about them. Unset: none, or of an earlier release. */
  readonly gates?: readonly GateEntry[];
}

/**
 * Maximum number of moves that the file keeps, not counting the history of champions. A model promoted weekly
 * reaches it in 19 years.
 */
export const MAX_HISTORY = 1_000;
/** Maximum length of the name of the user who sets an alias, in characters. */
export const MAX_SET_BY = 256;
/** Maximum length of a reason, in characters; the same limit as in the audit log. */
export const MAX_REASON = 1_000;
/** Maximum size of an alias file, in bytes. Two full histories with every character escaped have 15.5 MB. */
export const MAX_ALIAS_BYTES = 16 * 1024 * 1024;

/** The aliases of a model that has no alias file. */
export const NO_ALIASES: AliasFile = { format: "bellwether.aliases/1", aliases: [], champions: [], moves: [] };

/** Parses the text of an alias file. @throws ModelCorruptError naming the invalid field */
export function parseAliasFile(text: string, file: string): AliasFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new ModelCorruptError(file, "is not JSON");
  }
  const { format, aliases, champions, moves, gates } = unchecked<AliasFile>(parsed);
  if (format !== NO_ALIASES.format) throw new ModelCorruptError(file, `format is not "${NO_ALIASES.format}"`);
  const read = (key: string, entries: unknown): Alias[] => {
    if (!Array.isArray(entries)) throw new ModelCorruptError(file, `${key} is not a list`);
    if (entries.length > MAX_HISTORY) throw new ModelCorruptError(file, `${key} has more than ${MAX_HISTORY} entries`);
    return entries.map((entry: unknown, i) => {
      if (!isAlias(entry)) throw new ModelCorruptError(file, `${key}[${i}] is not an alias`);
      const { name, version, setAt, setBy, reason } = entry;
      return { name, version, setAt, setBy, reason };
    });
  };
  const set = read("aliases", aliases);
  if (new Set(set.map(({ name }) => name)).size < set.length) throw new ModelCorruptError(file, "sets an alias twice");
  // A file of a release that did not record moves has only the history of champions.
  return {
    format: NO_ALIASES.format,
    aliases: set,
    champions: read("champions", champions),
    moves: read("moves", moves ?? champions),
    ...(gates !== undefined && { gates: readGates(gates, file) }),
  };
}

function readGates(entries: unknown, file: string): GateEntry[] {
  if (!Array.isArray(entries)) throw new ModelCorruptError(file, "gates is not a list");
  if (entries.length > MAX_GATES) throw new ModelCorruptError(file, `gates has more than ${MAX_GATES} entries`);
  return entries.map((entry: unknown, i) => {
    if (!isGateEntry(entry)) throw new ModelCorruptError(file, `gates[${i}] is not a result of the promotion gate`);
    return entry;
  });
}

function isAlias(value: unknown): value is Alias {
  const { name, version, setAt, setBy, reason } = unchecked<Alias>(value);
  return (
    ALIAS_NAMES.some((known) => known === name) &&
    typeof version === "string" &&
    versionNumber(version) > 0 &&
    isUtcTime(setAt) &&
    isTextOf(MAX_SET_BY, setBy) &&
    isTextOf(MAX_REASON, reason)
  );
}

const isTextOf = (maxCharacters: number, value: unknown): boolean =>
  typeof value === "string" && value.length <= maxCharacters;
