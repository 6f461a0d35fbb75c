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
