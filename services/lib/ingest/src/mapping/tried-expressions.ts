import { sqlName } from "../duckdb/quote-sql.ts";
import { StatementStoppedError, type Workspace } from "../duckdb/workspace.ts";
import { IngestLimitError } from "../ingest-errors.ts";
import { EXPRESSION_FAILS, given, type RejectedRowReason } from "./rejected-row-reasons.ts";
import { type MappingSql, prepareSelect } from "./select-statement.ts";

/** Quoted SQL name of the column that holds the value of a tried expression, in a struct; null when it failed. */
export const triedValue = (column: string): string => sqlName(`?${column}`);

/** Quoted SQL name of the mark that a tried expression failed. */
export const failedMark = (column: string): string => sqlName(`~failed ${column}`);

/**
 * Returns the SQL of an expression that does not end the statement when it fails for a row. The struct tells the null of
 * a failed row from a null that is the result of the expression.
 */
export const tried = (expression: string): string => `try(struct_pack(value := (\n${expression}\n)))`;

/** Returns the SQL of a tried expression, with the name of its column. */
export const triedSql = (column: string, expression: string): string => `${tried(expression)} as ${triedValue(column)}`;

/** Whether an error of a statement may be that of a single row, and not of a limit. */
export const isRowError = (error: unknown): boolean =>
  !(error instanceof StatementStoppedError || error instanceof IngestLimitError);

/** A name of a column alone, which cannot fail. */
const NAME = /^\s*(?:[A-Za-z_]\w*|"[^"]+")\s*$/;

/**
 * Returns whether DuckDB can try the expression: it rejects TRY around a subquery, a window function and an aggregate, whose
 * results belong to several rows.
 */
export async function canBeTried(workspace: Workspace, { path, sql }: MappingSql, from: string): Promise<boolean> {
  if (NAME.test(sql)) return false;
  try {
    await prepareSelect(workspace, path, `select ${tried(sql)} as value from ${from}`);
    return true;
  } catch (error) {
    workspace.signal?.throwIfAborted();
    if (isRowError(error)) return false;
    throw error;
  }
}

/** Returns the rules that reject the rows for which a tried expression failed. */
export function failedReasons(
  columns: readonly { readonly name: string; readonly label: string }[],
): RejectedRowReason[] {
  return columns.map(({ name, label }) => ({
    ...{ stage: "mapping", when: failedMark(name), column: label, reason: EXPRESSION_FAILS },
    text: `${given(name)}::varchar`,
  }));
}
