import type { SourceMapping } from "@bellwether/config/source-mapping";
import { duckdbErrorText } from "../duckdb/duckdb-error.ts";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { type FileReader, fileColumn } from "../files/file-reader.ts";
import { matchHeader } from "../files/match-header.ts";
import type { FileScan } from "../files/scan-file.ts";
import type { SourceFile } from "../files/source-files.ts";
import { SourceError } from "../ingest-errors.ts";
import { parquetColumn } from "./parquet-column.ts";

/**
 * Reads a Parquet file's schema and describes how to read its rows.
 * @throws SourceError when it is not Parquet, lacks a column of the mapping, or has one that cannot be converted to its column's type.
 */
export async function parquetReader(
  workspace: Workspace,
  source: SourceMapping,
  file: SourceFile,
  scan: FileScan,
): Promise<FileReader> {
  if (scan.head.subarray(0, 4).toString("latin1") !== "PAR1")
    throw new SourceError(source.name, file.name, "it is not a Parquet file");
  const from = `read_parquet(${sqlText(file.path)})`;
  const described = await workspace.rows(`describe select * from ${from}`).catch((error: unknown) => {
    throw new SourceError(source.name, file.name, `it cannot be read: ${duckdbErrorText(error)}`);
  });
  const header = described.map(([name]) => String(name));
  const { found, unread } = matchHeader(source, file.name, header);
  const problems: string[] = [];
  const raw = source.columns.map((column) => {
    const index = found.get(column.name) ?? -1;
    const type = String(described[index]?.[1]);
    if (parquetColumn(column, type, "") === null)
      problems.push(
        `column ${JSON.stringify(column.header)} of type ${type.slice(0, 100)}, which cannot be read as ${column.type}`,
      );
    return [column.name, { sql: sqlName(fileColumn(index)), type }] as const;
  });
  if (problems.length > 0) throw new SourceError(source.name, file.name, `it has ${problems.join(", ")}`);
  const renamed = header.map((name, i) => `${sqlName(name)} as ${sqlName(fileColumn(i))}`).join(", ");
  return { from: `(select ${renamed} from ${from})`, raw: new Map(raw), texts: [], header, unread };
}
