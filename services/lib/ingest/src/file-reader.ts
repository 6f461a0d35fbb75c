import { join } from "node:path";
import type { SourceMapping } from "@bellwether/config/source-mapping";
import { csvHeader } from "./csv-header.ts";
import { duckdbProblem } from "./duckdb-problem.ts";
import { SourceError } from "./ingest-errors.ts";
import { MAX_LINE_BYTES } from "./ingest-limits.ts";
import { matchHeader } from "./match-header.ts";
import { sqlName, sqlText } from "./quote-sql.ts";
import { copyWithLf, type FileScan, HEAD_BYTES } from "./scan-file.ts";
import type { SourceFile } from "./source-files.ts";
import type { Workspace } from "./workspace.ts";

/** How DuckDB gets at the rows of one file. */
export interface FileReader {
  /** Table expression. */
  readonly from: string;
  /** SQL of the raw value and whether it is a text, by column of the mapping. */
  readonly raw: ReadonlyMap<string, { readonly sql: string; readonly isText: boolean }>;
  /** SQL of every text column of a CSV file, in its order; empty for Parquet. */
  readonly texts: readonly string[];
  /** Name of each column of the file, in its order. */
  readonly header: readonly string[];
  /** Columns that the mapping does not read. */
  readonly unread: readonly string[];
  /** Lines of a CSV file that are not blank, without those of its header. */
  readonly dataLines: number;
}

/** Name of column number `index` of a file while it is read: never that of a column of the mapping. */
export function fileColumn(index: number): string {
  return `~${index}`;
}

/** Wider files are refused: the reading SQL names every column. */
const MAX_COLUMNS = 2000;

/**
 * Looks at a file's header and says how to read it.
 * @throws SourceError when it is empty, not in the declared format, or lacks a column of the mapping.
 */
export function fileReader(
  workspace: Workspace,
  source: SourceMapping,
  file: SourceFile,
  scan: FileScan,
): Promise<FileReader> {
  return source.format === "csv"
    ? csvReader(workspace, source, file, scan)
    : parquetReader(workspace, source, file, scan);
}

async function csvReader(
  workspace: Workspace,
  source: SourceMapping,
  file: SourceFile,
  scan: FileScan,
): Promise<FileReader> {
  const refuse = (problem: string): never => {
    throw new SourceError(source.name, file.name, problem);
  };
  const mark = scan.head.subarray(0, 2).toString("hex");
  if (scan.bytes === 0) refuse("it is empty; a line with the column names is expected");
  if (mark === "fffe" || mark === "feff") refuse("it is UTF-16; save it as UTF-8");
  const header =
    csvHeader(scan.head.toString("utf8"), source.delimiter, scan.bytes <= HEAD_BYTES) ??
    refuse(`its first line does not end within ${HEAD_BYTES} bytes`);
  if (header.names.length > MAX_COLUMNS)
    refuse(`it has ${header.names.length} columns, at most ${MAX_COLUMNS} are read`);
  const { found, unread } = matchHeader(source, file.name, header.names);

  let path = file.path;
  let lines = scan.lines;
  if (scan.lineEnds === "mixed" || scan.lineEnds === "cr") {
    path = join(workspace.folder, `${scan.digest}.csv`);
    lines = (await copyWithLf(source.name, file, scan.lineEnds, path, workspace.signal)).lines;
  }
  const columns = header.names.map((_, i) => fileColumn(i));
  const options = [
    "auto_detect = false",
    "header = true",
    `delim = ${sqlText(source.delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    `columns = {${columns.map((name) => `${sqlText(name)}: 'VARCHAR'`).join(", ")}}`,
    // ignore_errors without store_rejects silently drops thousands of good rows after one broken quote.
    "store_rejects = true",
    "rejects_limit = 0",
    `max_line_size = ${MAX_LINE_BYTES}`,
  ];
  return {
    from: `read_csv(${sqlText(path)}, ${options.join(", ")})`,
    raw: new Map([...found].map(([column, i]) => [column, { sql: sqlName(fileColumn(i)), isText: true }])),
    texts: columns.map(sqlName),
    header: header.names,
    unread,
    dataLines: lines - header.lines,
  };
}

async function parquetReader(
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
  const raw = [...found].map(([column, i]) => {
    const isText = described[i]?.[1] === "VARCHAR";
    return [column, { sql: sqlName(fileColumn(i)), isText }] as const;
  });
  const renamed = header.map((name, i) => `${sqlName(name)} as ${sqlName(fileColumn(i))}`).join(", ");
  return { from: `(select ${renamed} from ${from})`, raw: new Map(raw), texts: [], header, unread, dataLines: 0 };
}
