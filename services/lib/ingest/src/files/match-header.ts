import type { SourceMapping } from "@bellwether/config/source-mapping";
import { nearestName } from "@bellwether/contract/nearest-name";
import { INVISIBLE_CHARACTERS } from "@bellwether/contract/supplier-id";
import { SourceError } from "../ingest-errors.ts";

const INVISIBLE = new RegExp(INVISIBLE_CHARACTERS, "gu");

/**
 * Returns a column name in the form in which column names are compared: NFC, without invisible characters,
 * one blank for each run of white space.
 */
export function comparedName(name: string): string {
  return name.normalize("NFC").replace(INVISIBLE, "").replace(/\s+/gu, " ").trim();
}

/**
 * Finds the position in the file of each column of the mapping, and the file's columns that the mapping does
 * not read. Names are compared in the form of `comparedName`.
 * @throws SourceError that names every column that is missing, with the nearest header, or occurs twice.
 */
export function matchHeader(
  source: SourceMapping,
  file: string,
  header: readonly string[],
): { readonly found: ReadonlyMap<string, number>; readonly unread: readonly string[] } {
  const found = new Map<string, number>();
  const problems: string[] = [];
  const names = header.map(comparedName);
  const wanted = new Set(source.columns.map((column) => comparedName(column.header)));
  for (const column of source.columns) {
    const name = comparedName(column.header);
    const index = names.indexOf(name);
    if (index < 0) {
      const nearest = nearestName(
        name,
        names.filter((other) => !wanted.has(other)),
      );
      problems.push(`no column "${column.header}"${nearest ? `; the nearest is "${nearest}"` : ""}`);
    } else if (names.includes(name, index + 1)) problems.push(`column "${column.header}" twice`);
    else found.set(column.name, index);
  }
  if (problems.length > 0) throw new SourceError(source.name, file, `it has ${problems.join(", ")}`);
  return { found, unread: names.filter((name) => !wanted.has(name)) };
}
