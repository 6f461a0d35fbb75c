import { rename, rm } from "node:fs/promises";
import {
  DATE,
  DOUBLE,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  VARCHAR,
} from "@duckdb/node-api";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";

/** One column of a table to write; NaN and null are written as missing. */
export type TableColumn =
  | { readonly name: string; readonly type: "number"; readonly values: ArrayLike<number> }
  /** 32-bit integers, written without a decimal point. */
  | { readonly name: string; readonly type: "whole"; readonly values: ArrayLike<number> }
  | { readonly name: string; readonly type: "text"; readonly values: ArrayLike<string | null> }
  /** Days since 1970-01-01. */
  | { readonly name: string; readonly type: "date"; readonly values: ArrayLike<number> };

/** Number of rows that are appended per call: DuckDB's vector size. */
const CHUNK_ROWS = 2048;

const TYPES: Readonly<Record<TableColumn["type"], DuckDBType>> = {
  number: DOUBLE,
  whole: INTEGER,
  text: VARCHAR,
  date: DATE,
};

/** Formats by file name extension. */
const COPY_OPTIONS = { ".parquet": "format parquet, compression zstd", ".csv": "format csv, header" } as const;

/** File name extensions that `writeTable` accepts. */
export const TABLE_ENDINGS: readonly string[] = Object.keys(COPY_OPTIONS);

/**
 * Writes columns of equal length as Parquet or CSV, depending on the file name's extension. The file is
 * complete or does not exist.
 * @throws RangeError for another extension
 */
export async function writeTable(file: string, columns: readonly TableColumn[]): Promise<void> {
  const format = Object.entries(COPY_OPTIONS).find(([ending]) => file.endsWith(ending))?.[1];
  if (format === undefined) throw new RangeError(`a table's name ends in ${TABLE_ENDINGS.join(" or ")}`);
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  const draft = `${file}.draft-${process.pid}`;
  try {
    const declared = columns.map(({ name, type }) => `${sqlName(name)} ${TYPES[type].toString()}`);
    await connection.run(`create table written (${declared.join(", ")})`);
    const appender = await connection.createAppender("written");
    const rows = columns[0]?.values.length ?? 0;
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, rows - from);
      const chunk = DuckDBDataChunk.create(
        columns.map(({ type }) => TYPES[type]),
        count,
      );
      for (const [i, column] of columns.entries())
        chunk.setColumnValues(
          i,
          Array.from({ length: count }, (_, row) => valueAt(column, from + row)),
        );
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    await connection.run(`copy written to ${sqlText(draft)} (${format})`);
    await rename(draft, file);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(draft, { force: true });
  }
}

function valueAt(column: TableColumn, row: number): DuckDBValue {
  const value = column.values[row] ?? null;
  if (value === null || Number.isNaN(value)) return null;
  return column.type === "date" ? new DuckDBDateValue(Number(value)) : value;
}
