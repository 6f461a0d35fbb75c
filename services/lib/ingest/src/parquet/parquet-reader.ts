import type { SourceMapping } from "@bellwether/config/source-mapping";
import { duckdbErrorText } from "../duckdb/duckdb-error.ts";
import { literalPath } from "../duckdb/literal-path.ts";
import { columnsOutside, outsideNotes } from "../duckdb/outside-columns.ts";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { foreignKind } from "../files/file-kind.ts";
import { type FileReader, fileColumn, tooManyColumns } from "../files/file-reader.ts";
import { matchHeader } from "../files/match-header.ts";
import type { FileScan } from "../files/scan-file.ts";
import type { SourceFile } from "../files/source-files.ts";
import { SourceError } from "../ingest-errors.ts";
import { isNumberType, parquetColumn } from "./parquet-column.ts";

/**
 * Reads a Parquet file's schema and describes how to read its rows.
 * @throws SourceError when it is not Parquet, lacks a required column of the mapping, or has one that cannot be converted to its column's type.
 */
export async function parquetReader(
  workspace: Workspace,
  source: SourceMapping,
  file: SourceFile,
  scan: FileScan,
): Promise<FileReader> {
  const reject = (problem: string): never => {
    throw new SourceError(source.name, file.name, problem);
  };
  if (scan.compression !== "none") reject("it is compressed as a whole; unpack it: Parquet is compressed inside");
  if (scan.bytes === 0) reject("it is empty");
  if (scan.head.subarray(0, 4).toString("latin1") !== "PAR1")
    reject(`it is not a Parquet file; it is ${foreignKind(scan.head) ?? "text, perhaps CSV; set format: csv"}`);
  const from = `read_parquet(${sqlText(await literalPath(workspace, file.path))}, hive_partitioning = false)`;
  const described = await workspace.rows(`describe select * from ${from}`).catch((error: unknown) => {
    throw new SourceError(source.name, file.name, `it cannot be read: ${duckdbErrorText(error)}`);
  });
  const header = described.map(([name]) => String(name));
  const { maxColumns } = workspace.limits;
  if (header.length > maxColumns)
    throw new SourceError(source.name, file.name, tooManyColumns(header.length, maxColumns));
  const renamed = header.map((name, i) => `${sqlName(name)} as ${sqlName(fileColumn(i))}`).join(", ");
  const table = `(select ${renamed} from ${from})`;
  const matched = matchHeader(source, file, header, table);
  const problems: string[] = [];
  const raw = [...matched.found].flatMap(([name, index]) => {
    const column = source.columns.find((one) => one.name === name);
    if (column === undefined) return [];
    const type = String(described[index]?.[1]);
    if (column.numberForm?.percent && isNumberType(type))
      problems.push(
        `column ${JSON.stringify(column.header)} of type ${type}, which has no percent marks; leave percent out`,
      );
    if (parquetColumn(column, type, "") === null)
      problems.push(
        `column ${JSON.stringify(column.header)} of type ${type.slice(0, 100)}, which cannot be read as ${column.type}`,
      );
    return [[name, { sql: sqlName(fileColumn(index)), type }] as const];
  });
  if (problems.length > 0) throw new SourceError(source.name, file.name, `it has ${problems.join(", ")}`);
  return {
    from: table,
    raw: new Map([...raw, ...columnsOutside(matched, source.columns)]),
    texts: [],
    header,
    ...{ unread: matched.unread, absent: matched.absent },
    notes: outsideNotes(matched, source.columns),
  };
}
