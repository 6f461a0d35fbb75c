import { nearestName } from "@bellwether/config/nearest-name";
import type { SourceMapping } from "@bellwether/config/source-mapping";
import { SourceError } from "./ingest-errors.ts";

/**
 * Position in the file of each column of the mapping, and the file's columns that the mapping does not read.
 * @throws SourceError that names every column that is missing, with the nearest header, or stands there twice.
 */
export function matchHeader(
  source: SourceMapping,
  file: string,
  header: readonly string[],
): { readonly found: ReadonlyMap<string, number>; readonly unread: readonly string[] } {
  const found = new Map<string, number>();
  const problems: string[] = [];
  const wanted = new Set(source.columns.map((column) => column.header));
  for (const column of source.columns) {
    const index = header.indexOf(column.header);
    if (index < 0) {
      const nearest = nearestName(
        column.header,
        header.filter((name) => !wanted.has(name)),
      );
      problems.push(`no column "${column.header}"${nearest ? `; the nearest is "${nearest}"` : ""}`);
    } else if (header.includes(column.header, index + 1)) problems.push(`column "${column.header}" twice`);
    else found.set(column.name, index);
  }
  if (problems.length > 0) throw new SourceError(source.name, file, `it has ${problems.join(", ")}`);
  return { found, unread: header.filter((name) => !wanted.has(name)) };
}
