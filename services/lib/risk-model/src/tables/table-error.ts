/** A table that cannot be used. The message names the row, the column and the way out. */
export class TableError extends Error {
  override readonly name = "TableError" as const;
}
