/** How DuckDB reads the rows of one file. */
export interface FileReader {
  /** SQL table expression that reads the file. */
  readonly from: string;
  /**
   * For each column of the mapping: the SQL expression of its raw value, and the DuckDB type of that
   * expression.
   */
  readonly raw: ReadonlyMap<string, { readonly sql: string; readonly type: string }>;
  /** SQL expression of each text column of a CSV file, in the file's order; empty for Parquet. */
  readonly texts: readonly string[];
  /** Name of each column of the file, in the file's order. */
  readonly header: readonly string[];
  /** Columns that the mapping does not read. */
  readonly unread: readonly string[];
  /** Optional columns that the file does not have, by their names in a header. */
  readonly absent: readonly string[];
  /** How the file is read where it differs from what its name and the mapping say, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Returns the temporary name of column number `index` of a file; it never equals a column name of the
 * mapping.
 */
export function fileColumn(index: number): string {
  return `~${index}`;
}

/** Returns why a file with `columns` columns is not read. */
export const tooManyColumns = (columns: number, maxColumns: number): string =>
  `it has ${columns} columns, more than the ${maxColumns} of INGEST_MAX_COLUMNS; leave out the columns that the mapping does not read`;
