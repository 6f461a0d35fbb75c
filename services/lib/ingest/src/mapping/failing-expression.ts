import { duckdbErrorText } from "../duckdb/duckdb-error.ts";
import { StatementStoppedError, type Workspace } from "../duckdb/workspace.ts";
import { type IngestLimitError, MappingSqlError } from "../ingest-errors.ts";
import { FASTER, type MappingSql, mappingError, parsedExpression, slowText } from "./select-statement.ts";
import { combinesRows } from "./tree-names.ts";
import { canBeTried, isRowError, tried } from "./tried-expressions.ts";

/** Share of the time limit of a statement after which one of its expressions alone is the cause. */
const SHARE = 1 / 4;

/**
 * Finds the expression because of which a statement with all of them failed or exceeded a limit. Each is evaluated alone,
 * until one fails, exceeds the limit of memory or takes a quarter of the time limit. All of them together take at most the
 * time limit. One that fails only for some rows, and can be tried, is not the cause.
 * @param isSlow whether the statement exceeded its time limit
 * @returns the error, with the path of the expression; null when every expression can be evaluated alone
 */
export async function findFailingExpression(
  workspace: Workspace,
  { path, from }: { readonly path: string; readonly from: string },
  expressions: readonly MappingSql[],
  isSlow: boolean,
): Promise<MappingSqlError | IngestLimitError | null> {
  const { sqlTimeoutMs } = workspace.limits;
  const shareMs = sqlTimeoutMs * SHARE;
  const untilMs = performance.now() + sqlTimeoutMs;
  let slowest = { path: "", ms: 0 };
  for (const expression of expressions) {
    const beganMs = performance.now();
    if (beganMs >= untilMs) break;
    try {
      await evaluateRows(workspace, expression, from, Math.min(shareMs, untilMs - beganMs));
    } catch (error) {
      workspace.signal?.throwIfAborted();
      if (!(error instanceof StatementStoppedError)) return mappingError(expression.path, error);
      if (error.limitMs === null) throw error;
      if (error.limitMs === shareMs) return new MappingSqlError(expression.path, aloneText(sqlTimeoutMs));
    }
    const ms = performance.now() - beganMs;
    if (ms > slowest.ms) slowest = { path: expression.path, ms };
  }
  if (!isSlow || slowest.ms < shareMs / expressions.length) return null;
  const part = `its slowest part is ${slowest.path} (${(slowest.ms / 1000).toFixed(1)} s)`;
  return new MappingSqlError(path, `${slowText(sqlTimeoutMs)}, and ${part}; ${FASTER}`);
}

/** Returns what is wrong with an expression that takes a large share of the time of all of them. */
export const aloneText = (limitMs: number): string =>
  `with the other expressions, ${slowText(limitMs)}, and alone longer than ${(limitMs * SHARE) / 1000} s; ${FASTER}`;

/** Returns the error of an expression for the first row for which it fails; null when it fails for none. */
export async function errorAlone(
  workspace: Workspace,
  expression: MappingSql,
  from: string,
): Promise<MappingSqlError | IngestLimitError | null> {
  try {
    await evaluate(workspace, expression, from, workspace.limits.sqlTimeoutMs);
    return null;
  } catch (error) {
    workspace.signal?.throwIfAborted();
    return mappingError(expression.path, error);
  }
}

/** Evaluates an expression, without the rows for which it fails if it can be tried. */
async function evaluateRows(
  workspace: Workspace,
  expression: MappingSql,
  from: string,
  limitMs: number,
): Promise<void> {
  try {
    await evaluate(workspace, expression, from, limitMs);
  } catch (error) {
    if (!isRowError(error)) throw error;
    if (!(await canBeTried(workspace, expression, from))) throw await untriedError(workspace, expression, error);
    await workspace.runTried(hashOf(tried(expression.sql), from), limitMs);
  }
}

/** Returns the error of an expression that cannot be tried, with the reason for which it ends the reading. */
async function untriedError(workspace: Workspace, expression: MappingSql, error: unknown): Promise<unknown> {
  if (!combinesRows(await parsedExpression(workspace, expression))) return error;
  return new MappingSqlError(
    expression.path,
    `${duckdbErrorText(error)}; a value in an expression with a subquery or a window function cannot be rejected with its row: use try_cast in it, or compute it in a step before`,
  );
}

/** Evaluates an expression over all rows. */
async function evaluate(workspace: Workspace, { path, sql }: MappingSql, from: string, limitMs: number): Promise<void> {
  workspace.report({ statement: path });
  await workspace.run(hashOf(sql, from), limitMs);
}

/** Returns the SELECT of an expression over all rows. The hash keeps DuckDB from leaving out what no result needs. */
const hashOf = (sql: string, from: string): string =>
  `select bit_xor(hash(value)) from (select (\n${sql}\n) as value from ${from})`;
