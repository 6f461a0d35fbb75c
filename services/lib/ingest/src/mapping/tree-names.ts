import { isTree, positionOf, type Tree } from "./check-tree.ts";

/** A name of a column in a statement. */
export interface ColumnReference {
  /** Its parts: the column, after a table or before the fields of a struct, if there are any. */
  readonly parts: readonly string[];
  /** Position in the statement, in bytes of UTF-8; null when DuckDB does not give one. */
  readonly position: number | null;
}

/** Returns the names of columns in a parse tree of DuckDB. Parameters of lambdas are among them. */
export function columnReferences(tree: unknown): ColumnReference[] {
  return partsOf(tree).flatMap((part) =>
    part.class === "COLUMN_REF" && Array.isArray(part.column_names)
      ? { parts: part.column_names.map(String), position: positionOf(part) }
      : [],
  );
}

/** Returns the names of tables in a parse tree of DuckDB. */
export function tableNames(tree: unknown): string[] {
  return partsOf(tree).flatMap(({ type, table_name: name }) =>
    type === "BASE_TABLE" && typeof name === "string" ? name : [],
  );
}

/** Whether an expression has a subquery or a window function, whose results belong to several rows. */
export function combinesRows(tree: unknown): boolean {
  return partsOf(tree).some((part) => part.class === "SUBQUERY" || part.class === "WINDOW");
}

function partsOf(value: unknown): Tree[] {
  if (Array.isArray(value)) return value.flatMap(partsOf);
  return isTree(value) ? [value, ...Object.values(value).flatMap(partsOf)] : [];
}
