/** A table that cannot be used. The message names the row, the column and what to change. */
export class TableError extends Error {
  override readonly name = "TableError" as const;
}

/** Returns the error of a table with too many columns. @param where What has them, for example "line 3" */
export const tooManyColumns = (where: string, maxColumns: number): TableError =>
  new TableError(
    `${where} of the table: more than ${maxColumns} columns; leave out the columns that the model does not read, and give every line the same names`,
  );
