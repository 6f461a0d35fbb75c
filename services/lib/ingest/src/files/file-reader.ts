import type { SourceMapping } from "@bellwether/config/source-mapping";
import { duckdbProblem } from "../duckdb/duckdb-error.ts";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { SourceError } from "../ingest-errors.ts";
import { parquetColumn } from "../parquet/parquet-column.ts";
import { matchHeader } from "./match-header.ts";
import type { FileScan } from "./scan-file.ts";
import type { SourceFile } from "./source-files.ts";

/** How DuckDB gets at the rows of one file. */
export interface FileReader {
  /** Table expression. */
  readonly from: string;
  /** SQL of the raw value and its DuckDB type, by column of the mapping. */
  readonly raw: ReadonlyMap<string, { readonly sql: string; readonly type: string }>;
  /** SQL of every text column of a CSV file, in its order; empty for Parquet. */
  readonly texts: readonly string[];
  /** Name of each column of the file, in its order. */
  readonly header: readonly string[];
  /** Columns that the mapping does not read. */
  readonly unread: readonly string[];
}

/** Name of column number `index` of a file while it is read: never that of a column of the mapping. */
export function fileColumn(index: number): string {
  return `~${index}`;
}

/** Wider files are refused: the reading SQL names every column. */
export const MAX_COLUMNS = 2000;

/**
 * Looks at a Parquet file's schema and says how to read it.
 * @throws SourceError when it is not Parquet, lacks a column of the mapping, or has one that cannot be its column's type.
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
    throw new SourceError(source.name, file.name, `it cannot be read: ${duckdbProblem(error)}`);
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
