import type { Workspace } from "../duckdb/workspace.ts";
import { MappingSqlError } from "../ingest-errors.ts";
import type { MappingSql } from "./select-statement.ts";

/** Types of DuckDB of which a value has several values in it: lists, arrays, structs, maps and unions. */
const NESTED = /\[\d*\]$|^(?:STRUCT|MAP|UNION)\(/;

/**
 * Checks that each expression has a single value for a row. An expression that DuckDB cannot plan is left to the statement that
 * evaluates it, which says what is wrong with it.
 * @param from table expression with the columns of the expressions
 * @throws MappingSqlError for the first expression with a list, struct, map or union
 */
export async function checkSingleValues(
  workspace: Workspace,
  expressions: readonly MappingSql[],
  from: string,
): Promise<void> {
  if (expressions.length === 0) return;
  const select = `select ${expressions.map(({ sql }) => `(\n${sql}\n)`).join(", ")} from ${from}`;
  const types = await workspace.rows(`select column_type from (describe ${select})`).catch(() => {
    workspace.signal?.throwIfAborted();
    return [];
  });
  for (const [i, [type]] of types.entries()) {
    const expression = expressions[i];
    if (expression !== undefined && NESTED.test(String(type)))
      throw new MappingSqlError(
        expression.path,
        `it gives ${String(type)}, not a single value; choose one, for example with list_first(…), or aggregate it in a step`,
      );
  }
}
