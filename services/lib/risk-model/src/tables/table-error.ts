/** A table that cannot be used. The message names the row, the column and what to change. */
export class TableError extends Error {
  override readonly name = "TableError" as const;
}
