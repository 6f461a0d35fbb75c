import type { ColumnMapping, SourceMapping } from "@bellwether/config/source-mapping";
import { nearestName } from "@bellwether/contract/nearest-name";
import { SourceError } from "../ingest-errors.ts";
import { comparedName } from "./compared-name.ts";
import type { SourceFile } from "./source-files.ts";

/** Where the columns of the mapping are in a file. */
export interface MatchedHeader {
  /** Column of the mapping → its position in the file. */
  readonly found: ReadonlyMap<string, number>;
  /** Column of the mapping → its value in the path of the file, null when the path says that there is none. */
  readonly fromPath: ReadonlyMap<string, string | null>;
  /** Optional columns that the file does not have. */
  readonly absent: readonly string[];
  /** Columns of the file that the mapping does not read. */
  readonly unread: readonly string[];
  /** What the path says and is not used, because the file has a column of this name. */
  readonly notes: readonly string[];
}

/**
 * Finds each column of the mapping in the file or in its path. Names are compared in the form of `comparedName`.
 * @throws SourceError that names every column that is missing, with the columns of the file that may be meant, or
 * occurs twice.
 */
export function matchHeader(source: SourceMapping, file: SourceFile, header: readonly string[]): MatchedHeader {
  const found = new Map<string, number>();
  const fromPath = new Map<string, string | null>();
  const absent: string[] = [];
  const problems: string[] = [];
  const missing: ColumnMapping[] = [];
  const notes: string[] = [];
  const names = header.map(comparedName);
  const wanted = new Set(source.columns.map((column) => comparedName(column.header)));
  const unread = names.filter((name) => !wanted.has(name));
  for (const column of source.columns) {
    const name = comparedName(column.header);
    const index = names.indexOf(name);
    const value = file.pathValues.get(name);
    if (index < 0 && value !== undefined) fromPath.set(column.name, value);
    else if (index < 0 && column.optional) absent.push(column.header);
    else if (index < 0) missing.push(column);
    else if (names.includes(name, index + 1)) problems.push(`column "${column.header}" twice`);
    else found.set(column.name, index);
    if (index >= 0 && value !== undefined)
      notes.push(`column "${column.header}" is read from the file; "${value ?? ""}" in its path is not used`);
  }
  problems.push(...missingColumns(source, missing, unread));
  if (problems.length > 0) throw new SourceError(source.name, file.name, `it has ${problems.join(", ")}`);
  return { found, fromPath, absent, unread, notes };
}

/** Maximum number of columns of a file that one message lists. */
const MAX_LISTED = 20;

function missingColumns(
  { columns }: SourceMapping,
  missing: readonly ColumnMapping[],
  unread: readonly string[],
): string[] {
  if (missing.length === 0) return [];
  const problems = missing.map(({ name, header }) => {
    const nearest = nearestName(comparedName(header), unread);
    if (nearest !== null) return `no column "${header}"; the nearest is "${nearest}"`;
    const [longer, ...others] = unread.filter((other) => isPartOf(header, other));
    if (longer === undefined || others.length > 1) return `no column "${header}"`;
    const either = others.length === 0 ? "" : ` or "${others[0]}"`;
    return `no column "${header}"; it has "${longer}"${either}: map it with ${name}: { header: ${yamlText(longer)}, … }`;
  });
  if (missing.length === columns.length && unread.length > 0) {
    const more = unread.length > MAX_LISTED ? `, and ${unread.length - MAX_LISTED} more` : "";
    problems.push(
      `none of the columns of the mapping; its columns are ${unread.slice(0, MAX_LISTED).join(", ")}${more}`,
    );
  }
  return problems;
}

/** Returns the words of a name: `annualSpend_USD` → annual, spend, usd. */
function wordsOf(name: string): string[] {
  return name
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

/** Whether one of two names has all words of the other, such as spend and spend_usd. */
function isPartOf(name: string, other: string): boolean {
  const [fewer = [], more = []] = [wordsOf(name), wordsOf(other)].sort((a, b) => a.length - b.length);
  return fewer.length > 0 && fewer.every((word) => more.includes(word));
}

function yamlText(text: string): string {
  return /^[\p{L}_][\p{L}\p{N}_ ]*$/u.test(text) ? text : JSON.stringify(text);
}
