import { countText } from "@bellwether/reasons/count-text";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";
import { StatementStoppedError, type Workspace } from "../duckdb/workspace.ts";
import { MappingSqlError } from "../ingest-errors.ts";
import type { ReasonCount } from "../rejected-rows.ts";
import { type ChangedAttribute, changedAttributes, FAILED_ATTRIBUTES } from "./changed-attributes.ts";
import { duplicateRowReasons, markDuplicateRows } from "./duplicate-rows.ts";
import { errorAlone, findFailingExpression } from "./failing-expression.ts";
import {
  CLEANED_BEFORE,
  MAPPED,
  type MappedColumn,
  mappedColumns,
  mappedSql,
  OLDER,
  type RowsToMap,
} from "./mapped-sql.ts";
import { checkSingleValues } from "./nested-types.ts";
import { type RejectedRowReason, rejectedRowReasons } from "./rejected-row-reasons.ts";
import { checkExpressions, findBadExpression, type MappingSql, mappingError } from "./select-statement.ts";
import { canBeTried, failedReasons, isRowError, tried } from "./tried-expressions.ts";
import { type ViolationSample, violationReasons, violationSamples } from "./violation-samples.ts";

/** Counts of the rows: `given` = `rows` + the rows of `reasons` + `notChosen` + `later` + `older`. */
export interface MappedRows {
  /** Number of rows of the table that was mapped. */
  readonly given: number;
  /** Number of accepted rows. */
  readonly rows: number;
  readonly reasons: readonly ReasonCount[];
  readonly samples: readonly ViolationSample[];
  /**
   * Number of rows that are neither accepted nor rejected. In training: rows without a label. In a weekly run: rows that
   * are not the newest of their supplier up to `asOf`.
   */
  readonly notChosen: number;
  /** Number of rows that were not used, because they are dated after `asOf`. 0 in training. */
  readonly later: number;
  /** Number of rows that are older than another one of their supplier (and date), by `keepNewestBy`. */
  readonly older: number;
  readonly cleanedIds: CleanedIds;
  /**
   * Changed attributes of accepted rows. Empty when rows are mapped for training, which stores no attributes.
   */
  readonly changedAttributes: readonly ChangedAttribute[];
}

/** Number of supplier ids from which zero-width characters or surrounding white space were removed. */
export interface CleanedIds {
  readonly rows: number;
  /** Number of rows that are rejected because their cleaned id equals that of another row. */
  readonly duplicates: number;
}

/**
 * Evaluates the expressions of `rows` into the table `MAPPED` and marks the first rule that a row violates. A row for
 * which an expression fails is rejected; a failed attribute becomes unknown.
 * @throws MappingSqlError when an expression is rejected, gives a list or struct, fails for all rows, or fails and has a result of several
 *   rows: a subquery, a window function or an aggregate
 */
export async function mapRows(workspace: Workspace, task: RowsToMap): Promise<MappedRows> {
  const columns = mappedColumns(task);
  const expressions = expressionsOf(columns);
  await checkExpressions(workspace, expressions);
  const { keepNewestBy } = task.rows;
  const keep = keepNewestBy === undefined ? [] : [{ path: `${task.path}.keep`, sql: sqlName(keepNewestBy) }];
  const badKeep = await findBadExpression(workspace, keep, task.from);
  if (badKeep !== null) throw badKeep;
  await checkSingleValues(workspace, expressions, task.from);
  const hasAsOf = task.rows.asOf !== null || task.asOf !== null;
  const rules = rejectedRowReasons(task.model, { asOf: hasAsOf, label: task.labels !== null });
  if (workspace.evaluatesAlone) {
    const failing = await findFailingExpression(workspace, task, expressions, false);
    throw failing ?? new MappingSqlError(task.path, "every expression can be evaluated alone");
  }
  const { tried: triedColumns, violations } = await createMapped(workspace, task, columns, rules);
  const compared = [...columns.map((column) => sqlName(column.name)), ...(task.labels === null ? [] : ["label"])];
  const cleanedMarks = ['"~cleaned"', CLEANED_BEFORE];
  const rule = { hasAsOf, compared, violation: violations.length, cleaned: cleanedMarks };
  const duplicates = await markDuplicateRows(workspace, MAPPED, rule);
  const marks = [...violations, ...duplicateRowReasons(hasAsOf)];
  const [counts = []] = await workspace.rows(
    `select count(*), count(*) filter ("~fault" is null), count(*) filter ("~cleaned"), count(*) filter ("~fault" = ${OLDER})
     from ${MAPPED}`,
  );
  const [chosen = 0, rows = 0, cleaned = 0, older = 0] = counts.map(Number);
  const given = await workspace.number(`select count(*) from ${task.from}`);
  const later = given === chosen ? 0 : await countLater(workspace, task, triedColumns);
  return {
    given,
    rows,
    reasons: await violationReasons(workspace, marks),
    samples: await violationSamples(workspace, marks, task, triedColumns, compared),
    notChosen: given - chosen - later,
    later,
    older,
    cleanedIds: { rows: cleaned, duplicates },
    changedAttributes: task.labels === null ? await changedAttributes(workspace, MAPPED) : [],
  };
}

/** Counts the rows that are left out because their date is after `asOf`. */
async function countLater(workspace: Workspace, task: RowsToMap, columns: readonly MappedColumn[]): Promise<number> {
  const { rows, asOf, newestOnly, from } = task;
  if (!newestOnly || asOf === null || rows.asOf === null) return 0;
  const value = columns.some(({ name }) => name === "as_of") ? `${tried(rows.asOf)}.value` : `(\n${rows.asOf}\n)`;
  return await workspace.number(
    `select count(*) from ${from} where try_cast(${value} as date) > date ${sqlText(asOf)}`,
  );
}

/**
 * Creates the table `MAPPED`. Only when the statement fails, it runs again with each expression tried, which costs more.
 * @param rules why a row is rejected
 * @returns the reasons by their number in `~fault`; the first ones are those of the tried columns without attributes
 */
async function createMapped(
  workspace: Workspace,
  task: RowsToMap,
  columns: readonly MappedColumn[],
  rules: readonly RejectedRowReason[],
): Promise<{ readonly tried: readonly MappedColumn[]; readonly violations: readonly RejectedRowReason[] }> {
  const create = async (tried: readonly MappedColumn[], violations: readonly RejectedRowReason[]): Promise<void> => {
    workspace.report({ statement: task.path });
    const select = mappedSql(task, columns, violations, tried);
    const statement = `create table ${MAPPED} as ${select}`;
    if (tried.length === 0) await workspace.run(statement, workspace.limits.sqlTimeoutMs);
    else await workspace.runTried(statement, workspace.limits.sqlTimeoutMs);
  };
  try {
    await create([], rules);
    return { tried: [], violations: rules };
  } catch (error) {
    workspace.signal?.throwIfAborted();
    if (!isRowError(error)) throw await statementError(workspace, task, columns, error);
    const bad = await findBadExpression(workspace, expressionsOf(columns), task.from);
    if (bad !== null) throw bad;
    const tried = await findTried(workspace, columns, task.from);
    if (tried.length === 0) throw await statementError(workspace, task, columns, error);
    const { rejecting = [], attributes = [] } = Object.groupBy(tried, ({ isAttribute }) =>
      isAttribute ? "attributes" : "rejecting",
    );
    const violations = [...failedReasons(rejecting), ...rules];
    try {
      await create(tried, violations);
    } catch (again) {
      workspace.signal?.throwIfAborted();
      throw await statementError(workspace, task, columns, again);
    }
    await checkSomeComputed(workspace, task, rejecting, attributes);
    return { tried: rejecting, violations };
  }
}

const expressionsOf = (columns: readonly MappedColumn[]): MappingSql[] =>
  columns.flatMap(({ path, expression }) => (expression === null ? [] : { path, sql: expression }));

/** Returns the columns whose expression can be tried. */
async function findTried(
  workspace: Workspace,
  columns: readonly MappedColumn[],
  from: string,
): Promise<MappedColumn[]> {
  const found: MappedColumn[] = [];
  for (const column of columns) {
    const [expression] = expressionsOf([column]);
    if (expression !== undefined && (await canBeTried(workspace, expression, from))) found.push(column);
  }
  return found;
}

/**
 * Verifies that each tried expression was computed for at least one row: one that fails for all rows is an error of the
 * mapping.
 * @throws MappingSqlError
 */
async function checkSomeComputed(
  workspace: Workspace,
  task: RowsToMap,
  rejecting: readonly MappedColumn[],
  attributes: readonly MappedColumn[],
): Promise<void> {
  const conditions = [
    ...rejecting.map((_, i) => `"~fault" = ${i}`),
    ...attributes.map(({ label }) => `list_contains(${FAILED_ATTRIBUTES}, ${sqlText(label)})`),
  ];
  const [counts = []] = await workspace.rows(
    `select count(*), ${conditions.map((condition) => `count(*) filter (${condition})`).join(", ")} from ${MAPPED}`,
  );
  const [rows = 0, ...failed] = counts.map(Number);
  const [expression] = expressionsOf([...rejecting, ...attributes].filter((_, i) => rows > 0 && failed[i] === rows));
  if (expression === undefined) return;
  const problem = (await errorAlone(workspace, expression, task.from))?.problem ?? "it cannot be computed";
  throw new MappingSqlError(expression.path, `${problem}; it fails for ${allText(rows)}`);
}

const allText = (rows: number): string => (rows === 1 ? "the only row" : `each of the ${countText(rows, "row")}`);

/** Returns the error of a statement with all expressions, or that of the expression that is its cause. */
async function statementError(
  workspace: Workspace,
  task: RowsToMap,
  columns: readonly MappedColumn[],
  error: unknown,
): Promise<Error> {
  const isStopped = error instanceof StatementStoppedError;
  if (isStopped && error.limitMs === null) return mappingError(task.path, error);
  const found = await findFailingExpression(workspace, task, expressionsOf(columns), isStopped);
  return found ?? mappingError(task.path, error);
}
