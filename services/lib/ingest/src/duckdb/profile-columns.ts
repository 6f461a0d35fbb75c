import {
  type ColumnKind,
  type ColumnProfile,
  EXACT_DISTINCT,
  type NumberFigures,
} from "@bellwether/plausibility/column-profile";
import type { Json } from "@duckdb/node-api";
import { sqlName, sqlText } from "./quote-sql.ts";
import type { Workspace } from "./workspace.ts";

/** Number of columns in one query: more would only make the query slow to plan. */
const COLUMNS_PER_QUERY = 64;
/** Maximum number of characters of a frequent value: at most 256 bytes. */
const MAX_TOP_VALUE = 64;
/** Estimates up to this number are counted exactly: the estimate of a few values can be wrong by one or two. */
const MAX_COUNTED = 2 * EXACT_DISTINCT;
/** Shown instead of a contract that all suppliers have. */
const SAME_TEXT = "(the same text)";
/** Number of rows over which quantiles and frequent values are computed, at most: they cost more than all other figures together. */
const SAMPLE_ROWS = 20_000;
/**
 * Share of a frequent value in the sample from which its rows are counted in the whole table. Most numbers have no such value,
 * and a scan of all rows costs as much as all figures.
 */
const MIN_TOP_SHARE = 0.01;
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/** A column of a table that is profiled. */
export interface ProfiledColumn {
  readonly name: string;
  /** SQL of its value; null when it is missing. A number that is not finite is missing, too. */
  readonly value: string;
  /** "text" is a contract: its values are not compared with each other. */
  readonly type: "number" | "category" | "text";
}

/**
 * Profiles columns of a table with "~row", the number of the row. Columns with frequent values in a sample of the rows are
 * read twice: the second time, these values are counted.
 * @param columns at least one
 * @param total SQL of an aggregate that is computed in the same scan as the first columns
 */
export async function profileColumns(
  workspace: Workspace,
  columns: readonly ProfiledColumn[],
  table: string,
  total = "null",
): Promise<{ readonly profiles: readonly ColumnProfile[]; readonly total: Json }> {
  const profiles: ColumnProfile[] = [];
  const totals: Json[] = [];
  for (let from = 0; from < columns.length; from += COLUMNS_PER_QUERY) {
    const some = await profileSome(
      workspace,
      columns.slice(from, from + COLUMNS_PER_QUERY),
      table,
      from === 0 ? total : "null",
    );
    profiles.push(...some.profiles);
    totals.push(some.total);
  }
  return { profiles, total: totals[0] ?? null };
}

async function profileSome(
  workspace: Workspace,
  columns: readonly ProfiledColumn[],
  table: string,
  total: string,
): Promise<{ readonly profiles: readonly ColumnProfile[]; readonly total: Json }> {
  const rows = await workspace.number(`select count(*) from ${table}`);
  const step = Math.max(1, Math.ceil(rows / SAMPLE_ROWS));
  const sample = step === 1 ? { columns, table } : await sampleRows(workspace, columns, table, step);
  const valuesOf = async (
    sqlOf: (column: ProfiledColumn, i: number) => string,
    from: { readonly columns: readonly ProfiledColumn[]; readonly table: string },
  ): Promise<Json[]> =>
    (await workspace.rows(`select ${from.columns.map(sqlOf).join(", ")} from ${from.table}`))[0] ?? [];
  const [figures = []] = await workspace.rows(`select ${[total, ...columns.map(figuresSql)].join(", ")} from ${table}`);
  const [totalValue = null, ...lists] = figures;
  const sampled = await valuesOf(sampledSql, sample);
  const found = columns.map((_, i) => figuresOf(lists[i] ?? null, sampled[i] ?? null));
  const topSql = (column: ProfiledColumn, i: number): string => topRowsSql(column, found[i]?.top ?? null);
  const inSample = await valuesOf(topSql, sample);
  const isRare = (i: number): boolean => Number(inSample[i]) < (MIN_TOP_SHARE * rows) / step;
  const all = { columns, table };
  const topRows = step === 1 ? inSample : await valuesOf((column, i) => (isRare(i) ? "0" : topSql(column, i)), all);
  const isCounted = (i: number): boolean => found[i]?.isConstant === false && found[i].distinct <= MAX_COUNTED;
  // Grouped in a query of its own, a column of texts takes half the time of count(distinct).
  const different = await valuesOf(
    (column, i) =>
      isCounted(i) ? `(select count(v) from (select distinct ${valueSql(column)} as v from ${table}))` : "null",
    { columns, table: "(select 1)" },
  );
  const profiles = columns.map(({ name, type }, i): ColumnProfile => {
    const { present, distinct, isConstant, numeric, top, numbers } = found[i] ?? figuresOf(null, null);
    return {
      column: name,
      kind: kindOf(type, present, numeric),
      rows,
      missing: rows - present,
      distinct: present === 0 ? 0 : isConstant ? 1 : Math.max(2, Number(different[i] ?? distinct)),
      topValue: type === "text" ? (isConstant ? SAME_TEXT : "") : (top ?? "").slice(0, MAX_TOP_VALUE).toWellFormed(),
      topRows: isConstant ? present : Number(topRows[i] ?? 0),
      numbers,
    };
  });
  return { profiles, total: totalValue };
}

/** Quoted SQL name of the table with a sample of the rows. */
const SAMPLE = '"profile sample"';

/** Copies one of `step` rows, chosen by a hash: without a pattern, and the same ones each time. Returns the columns of the copy. */
async function sampleRows(
  workspace: Workspace,
  columns: readonly ProfiledColumn[],
  table: string,
  step: number,
): Promise<{ readonly columns: readonly ProfiledColumn[]; readonly table: string }> {
  // Texts are not sampled.
  const values = columns.map(({ type, value }, i) => `${type === "text" ? "null" : value} as ${sqlName(String(i))}`);
  await workspace.run(
    `create or replace temp table ${SAMPLE} as select ${values.join(", ")} from ${table} where hash("~row") % ${step} = 0`,
  );
  return { columns: columns.map((column, i) => ({ ...column, value: sqlName(String(i)) })), table: SAMPLE };
}

/** Returns the SQL of the number of rows with the frequent value of a column. */
function topRowsSql({ value, type }: ProfiledColumn, top: string | null): string {
  if (top === null || type === "text") return "0";
  return `count(case when ${value} = ${type === "number" ? `${sqlText(top)}::double` : sqlText(top)} then 1 end)`;
}

function kindOf(type: ProfiledColumn["type"], present: number, numeric: number): ColumnKind {
  if (present === 0) return "empty";
  return type === "number" || (type === "category" && numeric === present) ? "number" : "text";
}

/** Returns the SQL of a column's value, which is null for a number that is not finite. */
const valueSql = ({ value, type }: ProfiledColumn): string =>
  type === "number" ? `case when isfinite(${value}) then ${value} end` : value;

/**
 * Returns the SQL of a list of texts: number of values, of different values, whether all values are equal, number of
 * values that are numbers, then smallest, largest and mean of numbers.
 */
function figuresSql(column: ProfiledColumn): string {
  const [type, value] = [column.type, valueSql(column)];
  const figures = [`count(${value})`, `approx_count_distinct(${value})`, `(min(${value}) = max(${value}))`];
  switch (type) {
    case "number":
      figures.push(`count(${value})`, ...["min", "max", "avg"].map((name) => `${name}(${value})`));
      break;
    case "category":
      // A cast that fails is slow. Texts of numbers begin with a sign, a point or a digit, which are all before a colon.
      figures.push(`count(case when ${value} < ':' then try_cast(${value} as double) end)`);
      break;
    case "text":
      figures.push("0");
  }
  return `[${figures.map((figure) => `${figure}::varchar`).join(", ")}]`;
}

/** Returns the SQL of a list of texts: the quantiles of numbers, or a frequent value of categories. */
function sampledSql(column: ProfiledColumn): string {
  const value = valueSql(column);
  switch (column.type) {
    case "number":
      return `approx_quantile(${value}, [${QUANTILES.join(", ")}])::varchar[]`;
    case "category":
      return `approx_top_k(${value}, 1)::varchar[]`;
    case "text":
      return "[]::varchar[]";
  }
}

/** @param figures result of `figuresSql`; @param sample result of `sampledSql`: of numbers, the median is the frequent value */
function figuresOf(figures: Json, sample: Json) {
  const [present, distinct, isConstant, numeric, ...ends] = textsOf(figures);
  const values = textsOf(sample);
  return {
    ...{ present: Number(present ?? 0), distinct: Number(distinct ?? 0), isConstant: isConstant === "true" },
    ...{ numeric: Number(numeric ?? 0), top: values[values.length >> 1] ?? null },
    numbers: numbersOf([...ends, ...values].map(Number)),
  };
}

const textsOf = (list: Json): (string | null)[] =>
  Array.isArray(list) ? list.map((value) => (value === null ? null : String(value))) : [];

function numbersOf([min, max, mean, ...quantiles]: readonly number[]): NumberFigures | null {
  const [p05, p25, median, p75, p95] = quantiles;
  if (min === undefined || max === undefined || mean === undefined || p95 === undefined) return null;
  if (p05 === undefined || p25 === undefined || median === undefined || p75 === undefined) return null;
  const figures = { min, p05, p25, median, p75, p95, max, mean };
  // A mean of values near the largest number is infinite.
  return Object.values(figures).every(Number.isFinite) ? figures : null;
}
