import { StatementType } from "@duckdb/node-api";
import { duckdbErrorText } from "../duckdb/duckdb-error.ts";
import { sqlText } from "../duckdb/quote-sql.ts";
import { StatementStoppedError, type Workspace } from "../duckdb/workspace.ts";
import { IngestLimitError, MappingSqlError } from "../ingest-errors.ts";
import { findTreeViolation } from "./check-tree.ts";
import { findUnknownName, findUnknownType } from "./unknown-column.ts";

/** An SQL text of the mapping and its place there. */
export interface MappingSql {
  /** For example `rows.features.delay`. */
  readonly path: string;
  readonly sql: string;
}

/**
 * Checks, without running it, that `sql` is one SELECT that returns the same rows in every run and reads only
 * tables of the mapping: its parse tree may have only the kinds of statements and expressions, the functions and
 * the tables that are allowed. `Workspace.lock` must have been called: in an unlocked workspace, DuckDB can read
 * files while it plans.
 * @throws MappingSqlError that names `path`.
 */
export async function checkSelect(workspace: Workspace, path: string, sql: string): Promise<void> {
  if (isBlank(sql)) throw new MappingSqlError(path, "one SELECT statement is expected");
  const [text = ""] = await parseTrees(workspace, [sql]);
  const tree = parsedTree(path, text);
  checkTree(workspace, path, tree, { sql, offset: 0 });
  try {
    await prepareSelect(workspace, path, sql);
  } catch (error) {
    throw (
      (await unknownName(workspace, error, { path, tree, sql, offset: 0, from: null })) ?? mappingError(path, error)
    );
  }
}

/** Text before an expression that makes it a SELECT. The line break ends nothing but shows in line numbers. */
const BEFORE = "select (\n";

/**
 * Checks the SQL expressions of a mapping like `checkSelect`: each must be one expression over the columns of
 * `from`.
 * @throws MappingSqlError that names the path of the first invalid one.
 */
export async function checkExpressions(workspace: Workspace, expressions: readonly MappingSql[]): Promise<void> {
  for (const { path, sql } of expressions)
    if (isBlank(sql)) throw new MappingSqlError(path, "one SQL expression is expected");
  const statements = expressions.map(({ sql }) => `${BEFORE}${sql}\n)`);
  const texts = await parseTrees(workspace, statements);
  for (const [i, { path, sql }] of expressions.entries()) {
    const tree = parsedTree(path, texts[i] ?? "");
    if (!isOneExpression(tree)) throw new MappingSqlError(path, "one SQL expression is expected");
    checkTree(workspace, path, tree, { sql, offset: BEFORE.length });
  }
}

/**
 * Returns the error of the first expression that cannot be evaluated over `from`, for example because of an
 * unknown column; null when each of them can.
 */
export async function findBadExpression(
  workspace: Workspace,
  expressions: readonly MappingSql[],
  from: string,
): Promise<Error | null> {
  for (const expression of expressions) {
    const { path, sql } = expression;
    try {
      await prepareSelect(workspace, path, `${BEFORE}${sql}\n) as value from ${from}`);
    } catch (error) {
      workspace.signal?.throwIfAborted();
      const tree = await parsedExpression(workspace, expression);
      const unknown = await unknownName(workspace, error, { path, tree, sql, offset: BEFORE.length, from });
      return unknown ?? mappingError(path, error);
    }
  }
  return null;
}

/** Returns the parse tree of an expression. @throws MappingSqlError */
export async function parsedExpression(workspace: Workspace, { path, sql }: MappingSql): Promise<unknown> {
  const [text = ""] = await parseTrees(workspace, [`${BEFORE}${sql}\n)`]);
  return parsedTree(path, text);
}

/** Returns the error of a statement that uses an unknown column, with its place and the names that exist; null for others. */
async function unknownName(
  workspace: Workspace,
  error: unknown,
  statement: MappingSql & { readonly tree: unknown; readonly offset: number; readonly from: string | null },
): Promise<MappingSqlError | null> {
  const { path, tree, sql, offset, from } = statement;
  const type = findUnknownType(error, sql);
  if (type !== null) return new MappingSqlError(path, `${placeText(sql, type.position, 0)}${type.problem}`);
  const found = await findUnknownName(workspace, error, tree, from);
  return found && new MappingSqlError(path, `${placeText(sql, found.position, offset)}${found.problem}`);
}

/** Whether a text has nothing but comments and white space. */
function isBlank(sql: string): boolean {
  return sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, " ").trim() === "";
}

/** Returns DuckDB's parse trees of statements, as JSON. */
async function parseTrees(workspace: Workspace, statements: readonly string[]): Promise<string[]> {
  const rows = await workspace.rows(
    `select json_serialize_sql(sql)::varchar from (select unnest([${statements.map(sqlText).join(", ")}]) as sql)`,
  );
  return rows.map(([text]) => String(text));
}

interface ParseResult {
  readonly error: boolean;
  readonly error_type?: string;
  readonly error_message?: string;
  readonly statements?: readonly { readonly node?: unknown; readonly named_param_map?: unknown }[];
}

/** Returns the tree of a text that is one SELECT. @throws MappingSqlError */
function parsedTree(path: string, json: string): unknown {
  const result = JSON.parse(json) as ParseResult;
  if (result.error) {
    const isSyntax = result.error_type === "parser";
    const message = duckdbErrorText(new Error(result.error_message ?? ""));
    throw new MappingSqlError(path, isSyntax ? message : "only a SELECT statement is allowed");
  }
  const [only, ...others] = result.statements ?? [];
  if (only === undefined || others.length > 0) throw new MappingSqlError(path, "one SELECT statement is expected");
  return only.node;
}

/** Whether a parsed `select ( … )` is one expression: no text in it has closed the parenthesis. */
function isOneExpression(tree: unknown): boolean {
  if (typeof tree !== "object" || tree === null) return false;
  const { type, select_list: list, from_table: from, where_clause: where, modifiers } = tree as Record<string, unknown>;
  const isEmpty = from === null || (typeof from === "object" && "type" in from && from.type === "EMPTY");
  return (
    type === "SELECT_NODE" &&
    Array.isArray(list) &&
    list.length === 1 &&
    isEmpty &&
    (where ?? null) === null &&
    (!Array.isArray(modifiers) || modifiers.length === 0)
  );
}

function checkTree(
  { tables }: Workspace,
  path: string,
  tree: unknown,
  { sql, offset }: { readonly sql: string; readonly offset: number },
): void {
  const violation = findTreeViolation(tree, { tables });
  if (violation === null) return;
  const { problem, position } = violation;
  throw new MappingSqlError(path, `${placeText(sql, position, offset)}${problem}`);
}

/** Returns the place of a problem, as the beginning of a message; empty when it is not known. */
const placeText = (sql: string, position: number | null, offset: number): string =>
  position === null || position < offset ? "" : `${linePlace(sql, position - offset)}: `;

/** Returns line and column, from 1, of the byte with index `position`. */
function linePlace(sql: string, position: number): string {
  const before = Buffer.from(sql).subarray(0, position).toString("utf8").split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/** Plans a statement without running it. @throws MappingSqlError, the errors of DuckDB and of `Workspace.bounded` */
export async function prepareSelect(workspace: Workspace, path: string, sql: string): Promise<void> {
  const { connection, limits } = workspace;
  workspace.report({ statement: path });
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) throw new MappingSqlError(path, "one SELECT statement is expected");
  // DuckDB computes expressions without columns while it plans.
  const statement = await workspace.bounded(limits.sqlTimeoutMs, () => statements.prepare(0));
  try {
    if (statement.statementType !== StatementType.SELECT)
      throw new MappingSqlError(path, "only a SELECT statement is allowed");
    if (statement.parameterCount > 0) throw new MappingSqlError(path, "parameters such as $1 are not filled in");
  } finally {
    statement.destroySync();
  }
}

/** Returns what is wrong with SQL that ran longer than its limit. */
export const slowText = (limitMs: number): string =>
  `it ran longer than the ${limitMs / 1000} s of INGEST_STATEMENT_TIMEOUT`;

/** What to do about SQL that runs too long, as the end of a sentence. */
export const FASTER =
  "join tables on a column instead of combining all their rows, aggregate in a step before, or set a longer time";

/** Converts an error of a mapping's SQL to an error that names the mapping's path. */
export function mappingError(path: string, error: unknown): MappingSqlError | IngestLimitError {
  if (error instanceof MappingSqlError) return error;
  if (error instanceof IngestLimitError) return new IngestLimitError(error.variable, error.problem, error.path || path);
  if (error instanceof StatementStoppedError && error.limitMs !== null)
    return new MappingSqlError(path, `${slowText(error.limitMs)}; ${FASTER}`);
  const problem = duckdbErrorText(error);
  if (problem.startsWith("Permission Error"))
    return new MappingSqlError(path, "it reads files; a mapping may read only its declared sources");
  return new MappingSqlError(path, problem);
}
