import { TableError } from "@bellwether/risk-model/import/table-error";
import { type Cell, parseTable, type ValueTable } from "@bellwether/risk-model/import/value-table";
import { DEFAULT_LIMITS } from "./ingest-limits.ts";
import { sqlText } from "./quote-sql.ts";
import { Workspace } from "./workspace.ts";

const PARQUET = "PAR1";
const MAX_ROWS = 1_000_000;

/**
 * Reads a small table of numbers and texts from Parquet, CSV or JSON lines, told apart by their content.
 * @param file Where `bytes` were read from.
 * @throws TableError no rows, too many of them, a broken file, or columns that are neither numbers nor texts.
 */
export async function readValueTable(file: string, bytes: Uint8Array): Promise<ValueTable> {
  const isParquet = String.fromCharCode(...bytes.subarray(0, PARQUET.length)) === PARQUET;
  return isParquet ? await readParquet(file) : parseTable(bytes);
}

async function readParquet(file: string): Promise<ValueTable> {
  await using workspace = await Workspace.open(DEFAULT_LIMITS);
  await workspace.lock([file]);
  const from = `read_parquet(${sqlText(file)})`;
  try {
    const header = (await workspace.rows(`describe select * from ${from}`)).map(([name]) => String(name));
    const records = await workspace.rows(`select * from ${from} limit ${MAX_ROWS + 1}`);
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

function cellOf(value: unknown, row: number, name: string): Cell {
  if (value === null || typeof value === "number" || typeof value === "string") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  throw new TableError(`row ${row + 1}, column ${name.slice(0, 80)} is neither a number nor a text`);
}
