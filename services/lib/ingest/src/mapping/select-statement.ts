import { StatementType } from "@duckdb/node-api";
import { duckdbErrorText } from "../duckdb/duckdb-error.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { MappingSqlError } from "../ingest-errors.ts";

/** Functions whose result changes from run to run: a score that depends on one could not be recomputed. */
const CHANGING =
  /\b(?:(random|setseed|uuid|uuidv4|uuidv7|gen_random_uuid|now|today|get_current_time|get_current_timestamp|transaction_timestamp|nextval|currval)\s*\(|(current_date|current_time|current_timestamp|localtime|localtimestamp|tablesample|using\s+sample)\b)/i;

/** Returns `sql` without comments and without quoted texts. */
function sqlWithoutTexts(sql: string): string {
  return sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"/g, " ");
}

/**
 * Checks, without running it, that `sql` is one SELECT that returns the same rows every time and reads only
 * tables. `Workspace.lock` must have been called: in an unlocked workspace, DuckDB can read files while it plans.
 * @throws MappingSqlError that names `path`.
 */
export async function checkSelect(workspace: Workspace, path: string, sql: string): Promise<void> {
  const bare = sqlWithoutTexts(sql);
  if (bare.trim() === "") throw new MappingSqlError(path, "one SELECT statement is expected");
  const changing = CHANGING.exec(bare);
  if (changing)
    throw new MappingSqlError(
      path,
      `${changing[1] ?? changing[2]} returns a different value in every run; use columns only`,
    );
  try {
    const statements = await workspace.connection.extractStatements(sql);
    if (statements.count !== 1) throw new MappingSqlError(path, "one SELECT statement is expected");
    const statement = await statements.prepare(0);
    try {
      if (statement.statementType !== StatementType.SELECT)
        throw new MappingSqlError(path, "only a SELECT statement is allowed");
      if (statement.parameterCount > 0) throw new MappingSqlError(path, "parameters such as $1 are not filled in");
    } finally {
      statement.destroySync();
    }
  } catch (error) {
    throw mappingError(path, error);
  }
}

/** Converts an error of a mapping's SQL to an error that names the mapping's path. */
export function mappingError(path: string, error: unknown): MappingSqlError {
  if (error instanceof MappingSqlError) return error;
  const problem = duckdbErrorText(error);
  if (problem.startsWith("Permission Error"))
    return new MappingSqlError(path, "it reads files; a mapping may read only its declared sources");
  return new MappingSqlError(path, problem);
}
