import {
  type ColumnKind,
  type ColumnProfile,
  EXACT_DISTINCT,
  type NumberFigures,
} from "@bellwether/plausibility/column-profile";
import type { Json } from "@duckdb/node-api";
import { sqlText } from "./quote-sql.ts";
import type { Workspace } from "./workspace.ts";

/** Number of columns in one query: more would only make the query slow to plan. */
const COLUMNS_PER_QUERY = 64;
/** Maximum number of characters of a frequent value: at most 256 bytes. */
const MAX_TOP_VALUE = 64;
/** Estimates up to this number are counted exactly: the estimate of a few values can be wrong by one or two. */
const MAX_COUNTED = 2 * EXACT_DISTINCT;
/** Shown instead of a contract that all suppliers have. */
const SAME_TEXT = "(the same text)";
/** Number of rows over which quantiles are computed, at most: they cost more than all other figures together. */
const QUANTILE_ROWS = 20_000;
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/** A column of a table that is profiled. */
export interface ProfiledColumn {
  readonly name: string;
  /** SQL of its value; null when it is missing. */
  readonly value: string;
  /** "text" is a contract: its values are not compared with each other. */
  readonly type: "number" | "category" | "text";
}

/**
 * Profiles columns of a table with "~row", the number of the row. The columns are read once, and their most frequent
 * values are counted in a second pass over the columns.
 */
export async function profileColumns(
  workspace: Workspace,
  columns: readonly ProfiledColumn[],
  table: string,
): Promise<ColumnProfile[]> {
  const profiles: ColumnProfile[] = [];
  for (let from = 0; from < columns.length; from += COLUMNS_PER_QUERY)
    profiles.push(...(await profileSome(workspace, columns.slice(from, from + COLUMNS_PER_QUERY), table)));
  return profiles;
}

async function profileSome(
  workspace: Workspace,
  columns: readonly ProfiledColumn[],
  table: string,
): Promise<ColumnProfile[]> {
  const rows = await workspace.number(`select count(*) from ${table}`);
  const step = Math.max(1, Math.ceil(rows / QUANTILE_ROWS));
  const [lists = []] = await workspace.rows(
    `select ${columns.map((column) => figuresSql(column, step)).join(", ")} from ${table}`,
  );
  const found = lists.map(figuresOf);
  const counts = columns.map(({ value, type }, i) => {
    const top = found[i]?.top ?? null;
    if (top === null || type === "text") return "0";
    return `count(*) filter (${value} = ${type === "number" ? `${sqlText(top)}::double` : sqlText(top)})`;
  });
  const different = columns.map(({ value }, i) => {
    const { isConstant = true, distinct = 0 } = found[i] ?? {};
    return isConstant || distinct > MAX_COUNTED ? "null" : `count(distinct ${value})`;
  });
  const [second = []] = await workspace.rows(`select ${[...counts, ...different].join(", ")} from ${table}`);
  return columns.map(({ name, type }, i) => {
    const { present, distinct, isConstant, numeric, top, numbers } = found[i] ?? figuresOf(null);
    return {
      column: name,
      kind: kindOf(type, present, numeric),
      rows,
      missing: rows - present,
      distinct: present === 0 ? 0 : isConstant ? 1 : Math.max(2, Number(second[columns.length + i] ?? distinct)),
      topValue: type === "text" ? (isConstant ? SAME_TEXT : "") : (top ?? "").slice(0, MAX_TOP_VALUE).toWellFormed(),
      topRows: isConstant ? present : Number(second[i] ?? 0),
      numbers,
    };
  });
}

function kindOf(type: ProfiledColumn["type"], present: number, numeric: number): ColumnKind {
  if (present === 0) return "empty";
  return type === "number" || (type === "category" && numeric === present) ? "number" : "text";
}

/**
 * Returns the SQL of a list of texts: number of values, of different values, whether all values are equal, number of
 * values that are numbers, a frequent value, then the figures of a number.
 * @param step quantiles are those of every `step`th row
 */
function figuresSql({ value, type }: ProfiledColumn, step: number): string {
  const sampled = step === 1 ? "" : ` filter ("~row" % ${step} = 0)`;
  const [count, distinct] = [`count(${value})::varchar`, `approx_count_distinct(${value})::varchar`];
  const isConstant = `(min(${value}) = max(${value}))::varchar`;
  switch (type) {
    case "number": {
      const quantiles = `approx_quantile(${value}, [${QUANTILES.join(", ")}])${sampled}`;
      const others = ["min", "max", "avg"].map((name) => `${name}(${value})::varchar`).join(", ");
      return `[${count}, ${distinct}, ${isConstant}, ${count}, ((${quantiles})[3])::varchar, ${others}] || coalesce((${quantiles})::varchar[], []::varchar[])`;
    }
    case "category": {
      const top = `(approx_top_k(${value}, 1)${sampled})[1]`;
      return `[${count}, ${distinct}, ${isConstant}, count(try_cast(${value} as double))::varchar, ${top}]`;
    }
    case "text":
      return `[${count}, ${distinct}, ${isConstant}, '0', null]`;
  }
}

function figuresOf(list: Json) {
  const values = Array.isArray(list) ? list.map((value) => (value === null ? null : String(value))) : [];
  const [present, distinct, isConstant, numeric, top = null, ...numbers] = values;
  return {
    ...{ present: Number(present ?? 0), distinct: Number(distinct ?? 0), isConstant: isConstant === "true" },
    ...{ numeric: Number(numeric ?? 0), top, numbers: numbersOf(numbers.map(Number)) },
  };
}

function numbersOf([min, max, mean, ...quantiles]: readonly number[]): NumberFigures | null {
  const [p05, p25, median, p75, p95] = quantiles;
  if (min === undefined || max === undefined || mean === undefined || p95 === undefined) return null;
  if (p05 === undefined || p25 === undefined || median === undefined || p75 === undefined) return null;
  const figures = { min, p05, p25, median, p75, p95, max, mean };
  // A mean of values near the largest number is infinite.
  return Object.values(figures).every(Number.isFinite) ? figures : null;
}
