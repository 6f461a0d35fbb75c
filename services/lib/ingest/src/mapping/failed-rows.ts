import { duckdbErrorText } from "../duckdb/duckdb-error.ts";
import { sqlName } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { MAX_SAMPLE_TEXT } from "../rejected-rows.ts";
import { type MappingSql, parsedExpression } from "./select-statement.ts";
import { columnReferences } from "./tree-names.ts";
import { isRowError } from "./tried-expressions.ts";

/** Quoted SQL name of the table with the failed rows that reports show. */
const FAILED = '"failed rows"';

/** A row for which an expression failed. */
export interface FailedRow {
  /** Number of the row in the table, `~row`. */
  readonly row: number;
  readonly expression: MappingSql;
}

/** What reports show of a row for which an expression failed. */
export interface FailedRowText {
  /** The values from which the expression is computed, e.g. `cost = n/a`. */
  readonly values: string;
  /** The error, e.g. `Conversion Error: Could not convert string "n/a" to DOUBLE`. Empty: the row alone has none. */
  readonly error: string;
}

/** What to do about a value that a cast of the mapping cannot convert. */
const CAST_HINT =
  "if the value means not known, add it to null_values of its column, or use try_cast in the expression";

/** Maximum number of columns of an expression whose values a report shows. */
const MAX_VALUES = 4;

/**
 * Describes rows for which an expression failed, by their number: each is computed again, alone.
 * @param table table expression of the rows, its name in the mapping, and the SQL of a row's number
 */
export async function describeFailedRows(
  workspace: Workspace,
  table: { readonly from: string; readonly name: string; readonly row: string },
  failed: readonly FailedRow[],
): Promise<ReadonlyMap<number, FailedRowText>> {
  const found = new Map<number, FailedRowText>();
  if (failed.length === 0) return found;
  await workspace.run(
    `create or replace temp table ${FAILED} as
     select * from (select ${table.row} as "~row", * from ${table.from}) where "~row" in (${failed.map(({ row }) => row).join(", ")})`,
  );
  const described = await workspace.rows(`select column_name from (describe ${FAILED})`);
  const columns = described.map(([name]) => String(name)).filter((name) => !name.startsWith("~"));
  for (const { row, expression } of failed) {
    const one = `(select * exclude ("~row") from ${FAILED} where "~row" = ${row}) as ${sqlName(table.name)}`;
    found.set(row, {
      values: await valuesOf(workspace, expression, columns, one),
      error: await errorOf(workspace, expression, one),
    });
  }
  return found;
}

/** Returns the values of the columns that an expression reads. */
async function valuesOf(
  workspace: Workspace,
  expression: MappingSql,
  columns: readonly string[],
  from: string,
): Promise<string> {
  const references = columnReferences(await parsedExpression(workspace, expression));
  const names = references.flatMap(({ parts }) => parts.map((name) => name.toLowerCase()));
  const read = columns.filter((name) => names.includes(name.toLowerCase())).slice(0, MAX_VALUES);
  if (read.length === 0) return "";
  const length = Math.floor(MAX_SAMPLE_TEXT / read.length);
  const [values = []] = await workspace.rows(
    `select ${read.map((name) => `left(${sqlName(name)}::varchar, ${length})`).join(", ")} from ${from}`,
  );
  return read.map((name, i) => (values[i] === null ? `no ${name}` : `${name} = ${values[i]}`)).join(", ");
}

/** Returns the error of an expression for one row. */
async function errorOf(workspace: Workspace, { sql }: MappingSql, from: string): Promise<string> {
  try {
    await workspace.run(`select (\n${sql}\n) from ${from}`, workspace.limits.sqlTimeoutMs);
    return "";
  } catch (error) {
    workspace.signal?.throwIfAborted();
    if (!isRowError(error)) throw error;
    const text = duckdbErrorText(error);
    return text.startsWith("Conversion Error") ? `${text}; ${CAST_HINT}` : text;
  }
}
