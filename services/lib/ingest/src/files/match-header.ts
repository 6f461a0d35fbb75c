import type { ColumnMapping, SourceMapping } from "@bellwether/config/source-mapping";
import { comparedName } from "./compared-name.ts";
import { type FileTable, MissingColumnsError } from "./missing-columns.ts";
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
 * @param from SQL of a table of the file, whose columns have the names of `fileColumn`
 * @throws MissingColumnsError that names every column that is missing, with the columns of the file that may be meant, or
 * occurs twice.
 */
export function matchHeader(
  source: SourceMapping,
  file: SourceFile,
  header: readonly string[],
  from: string,
): MatchedHeader {
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
    else if (names.includes(name, index + 1)) problems.push(repeatedText(column.header, name, header));
    else found.set(column.name, index);
    if (index >= 0 && value !== undefined)
      notes.push(`column "${column.header}" is read from the file; "${value ?? ""}" in its path is not used`);
  }
  const table: FileTable = { from, header: names };
  if (problems.length > 0 || missing.length > 0)
    throw new MissingColumnsError({ source, file: file.name, missing, unread, others: [...new Set(problems)] }, table);
  return { found, fromPath, absent, unread, notes };
}

/** Maximum number of columns of the same name that a message lists. */
const MAX_REPEATED = 5;

/**
 * Describes the columns of a file whose names are equal when they are compared.
 * @param wanted name in the mapping
 * @param name `wanted` in the form of `comparedName`
 */
function repeatedText(wanted: string, name: string, header: readonly string[]): string {
  const same = header.flatMap((text, at) => (comparedName(text) === name ? [{ text, at: at + 1 }] : []));
  const shown = same.slice(0, MAX_REPEATED);
  const places = `columns ${shown.map(({ at }) => at).join(" and ")}`;
  if (new Set(same.map(({ text }) => text)).size === 1)
    return `column "${wanted}" twice (${places}; rename one of them in the file)`;
  const texts = shown.map(({ text }) => JSON.stringify(text)).join(" and ");
  return `${places} that differ only in spaces, invisible characters or Unicode form (${texts}; rename one of them in the file)`;
}
