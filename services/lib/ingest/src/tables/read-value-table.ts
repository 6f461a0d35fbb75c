import { TableError, tooManyColumns } from "@bellwether/risk-model/tables/table-error";
import { type Cell, MAX_TABLE_COLUMNS, parseTable, type ValueTable } from "@bellwether/risk-model/tables/value-table";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";
import { Workspace } from "../duckdb/workspace.ts";
import { DEFAULT_LIMITS } from "../ingest-limits.ts";
import { parquetColumn } from "../parquet/parquet-column.ts";

const PARQUET = "PAR1";
const MAX_ROWS = 1_000_000;

/**
 * Reads a small table of numbers and texts from Parquet, CSV or JSON lines; the format is recognised by the
 * content, and JSON lines also by the name of the file (.jsonl, .ndjson).
 * @param file Path from which `bytes` were read.
 * @throws TableError for no rows, too many rows, a broken file, or columns that are neither numbers nor texts.
 */
export async function readValueTable(file: string, bytes: Uint8Array): Promise<ValueTable> {
  const isParquet = String.fromCharCode(...bytes.subarray(0, PARQUET.length)) === PARQUET;
  return isParquet ? await readParquet(file) : parseTable(bytes, /\.(?:jsonl|ndjson)$/i.test(file) || undefined);
}

async function readParquet(file: string): Promise<ValueTable> {
  await using workspace = await Workspace.open({ limits: DEFAULT_LIMITS });
  await workspace.lock({ files: [file] });
  const from = `read_parquet(${sqlText(file)})`;
  try {
    const columns = (await workspace.rows(`describe select * from ${from}`)).map(([name, type]) => ({
      name: String(name),
      type: String(type),
    }));
    const header = columns.map(({ name }) => name);
    if (header.length > MAX_TABLE_COLUMNS) throw tooManyColumns("the header", MAX_TABLE_COLUMNS);
    const values = columns.map(({ name, type }) => valueSql(name, type));
    const records = await workspace.rows(`select ${values.join(", ")} from ${from} limit ${MAX_ROWS + 1}`);
    if (records.length === 0) throw new TableError("the table has no rows");
    if (records.length > MAX_ROWS) throw new TableError(`the table has more than ${MAX_ROWS} rows`);
    const cells = records.map((record, row) => record.map((cell, at) => cellOf(cell, row, header[at] ?? "")));
    return { header, records: cells, firstRow: 1 };
  } catch (error) {
    if (error instanceof TableError) throw error;
    const message = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
    throw new TableError(`the Parquet file cannot be read: ${message.slice(0, 200)}`);
  }
}

/** DuckDB types whose values are exactly JavaScript numbers, or 0 and 1. */
const AS_NUMBER = /^(?:DOUBLE|FLOAT|BOOLEAN|U?(?:TINYINT|SMALLINT|INTEGER))$/;

/**
 * Returns the SQL of a column's values. Decimals and integers of 64 bits and more are read as exact texts, so
 * that an id keeps every digit. Dates are read as texts too, times with a time zone in UTC.
 * @throws TableError
 */
function valueSql(name: string, type: string): string {
  const raw = sqlName(name);
  if (AS_NUMBER.test(type)) return raw;
  const column = parquetColumn({ type: "text" }, type, raw);
  const shown = name.slice(0, 80);
  if (column === null)
    throw new TableError(
      `column ${shown} is a ${type.slice(0, 80)}, which is neither a number nor a text; leave it out`,
    );
  if (column.kind === "value") return column.value;
  if (column.undecoded === null) return `${column.text}`;
  const problem = `column ${shown} has bytes that are not UTF-8; write it as text`;
  return `case when ${raw} is null then null else coalesce(${column.text}, error(${sqlText(problem)})) end`;
}

function cellOf(value: unknown, row: number, name: string): Cell {
  if (value === null || typeof value === "number" || typeof value === "string") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  throw new TableError(`row ${row + 1}, column ${name.slice(0, 80)} is neither a number nor a text`);
}
