/** A table cannot be used; the message names the row, the column and the way out. */
export class TableError extends Error {
  override readonly name = "TableError" as const;
}
