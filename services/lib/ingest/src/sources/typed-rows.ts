import type { ColumnMapping, SourceMapping } from "@bellwether/config/source-mapping";
import { bareValue, castValue, DUCKDB_TYPE, ruledNull } from "../duckdb/column-sql.ts";
import { sqlName } from "../duckdb/quote-sql.ts";
import type { FileReader } from "../files/file-reader.ts";
import { parquetColumn } from "../parquet/parquet-column.ts";
import { MAX_SAMPLE_TEXT } from "../rejected-rows.ts";
import { cleanIdSql } from "../supplier-id.ts";

/** SQL names of the columns with marks of a raw row, which are stored beside its values. */
export const MARK = {
  /** Index of the first column whose value is not of the column's type; null for an accepted row. */
  violation: '"~fault"',
  /** The value whose type is wrong, truncated. */
  text: '"~text"',
  /** True when invisible characters were removed from the row's supplier id. */
  cleaned: '"~cleaned"',
} as const;

/** Value of `MARK.violation` for a row with a value that is longer than the limit. */
export const LONG_CELL = -1;

/**
 * Returns the columns of a source whose values may become "not known": by a rule, or in Parquet because they
 * are NaN.
 */
export function ruledColumns(source: SourceMapping): ColumnMapping[] {
  return source.columns.filter(
    (column) => hasRules(column) || (source.format === "parquet" && MAY_BE_NAN.has(column.type)),
  );
}

/** Whether the mapping has a rule for "not known" values of the column. */
export function hasRules(column: ColumnMapping): boolean {
  return column.nullValues.length + column.nullPatterns.length > 0;
}

const MAY_BE_NAN: ReadonlySet<ColumnMapping["type"]> = new Set(["text", "number", "integer"]);

/** Returns the quoted SQL name of the column that marks where a rule made the column's value "not known". */
export function ruledMark(column: ColumnMapping): string {
  return sqlName(`~ruled ${column.name}`);
}

/** Returns the SQL definitions of the columns that `typedRows` selects. */
export function typedColumns(source: SourceMapping): string {
  return [
    ...source.columns.map((column) => `${sqlName(column.name)} ${DUCKDB_TYPE[column.type]}`),
    ...ruledColumns(source).map((column) => `${ruledMark(column)} boolean`),
    `${MARK.violation} integer`,
    `${MARK.text} varchar`,
    `${MARK.cleaned} boolean`,
  ].join(", ");
}

/**
 * Columns of the same form are cast together from this number on: DuckDB plans one expression for all of them, in place
 * of several for each. With fewer columns, single expressions run faster.
 */
const MIN_TOGETHER = 24;
/** Taking one value from a list costs as much as the list is long, so longer lists are split. */
const MAX_TOGETHER = 64;

/**
 * Returns the SELECT that casts the columns of a file and marks the first invalid value of each row.
 * Invisible characters are removed from the text column `idColumn`.
 */
export function typedRows(
  source: SourceMapping,
  reader: FileReader,
  idColumn: string | null,
  maxCellBytes: number,
): string {
  const columns = source.columns.map((column, index) => readColumn(column, index, source, reader));
  const { alone, groups } = groupColumns(columns);
  const hasId = source.columns.some(({ name, type }) => type === "text" && name === idColumn);
  const id = hasId && idColumn !== null ? sqlName(idColumn) : null;
  const taken = new Map([...alone.map((c) => [c.name, c.name] as const), ...groups.flatMap(({ taken }) => taken)]);
  const sqlOf = (name: string): string => taken.get(name) ?? name;
  const cleaned = id === null ? "false" : `${cleanIdSql(sqlOf(id))} is distinct from ${sqlOf(id)}`;
  const names = [
    ...columns.map(({ name }) => (name === id ? cleanIdSql(sqlOf(name)) : sqlOf(name))),
    ...ruledColumns(source).map((column) => sqlOf(ruledMark(column))),
  ];
  // DuckDB reads every column for this condition. Otherwise the columns that the mapping reads would decide
  // which broken rows DuckDB detects.
  const longest =
    reader.texts.length === 0 ? "0" : `greatest(${reader.texts.map((text) => `strlen(${text})`).join(", ")})`;
  const violations = [
    coalesce(
      alone.map((c) => `case when ${c.name} is null then case when ${c.sql.known} is not null then ${c.index} end end`),
    ),
    ...groups.map((group) => group.violation),
  ];
  const texts = [
    ...alone.map((c) => `when ${c.index} then left(${c.sql.known}::varchar, ${MAX_SAMPLE_TEXT})`),
    `else ${coalesce(groups.map((group) => group.text))}`,
  ];
  const list = (...parts: readonly string[][]): string => ["*", ...parts.flat()].join(", ");
  // DuckDB keeps a block of each column that a step selects. The columns that are read together are therefore lists in
  // all steps but the first and the last.
  return `
    select ${names.join(", ")}, violation, case violation ${texts.join(" ")} end, ${cleaned}
    from (
      select *, coalesce(case when "~longest" > ${maxCellBytes} then ${LONG_CELL} end, least(${violations.join(", ")}, null::integer)) as violation
      from (
        select ${list(groups.map(({ bad }) => bad))}
        from (
          select ${list(
            alone.flatMap((c) => c.values),
            groups.flatMap(({ values }) => values),
          )}
          from (select ${list(
            [`${longest} as "~longest"`],
            alone.flatMap((c) => c.tried),
            groups.flatMap(({ lists }) => lists),
          )} from ${reader.from})
        )
      )
    )`;
}

const coalesce = (parts: readonly string[]): string => (parts.length === 0 ? "null" : `coalesce(${parts.join(", ")})`);

/** SQL of a value, over the SQL of the raw value. */
interface ColumnSql {
  /** The cast value; null when it is missing or not of the type. */
  readonly value: string;
  /** The raw value after the rules, null when it is missing. */
  readonly known: string;
  /** Whether a rule made the value "not known"; null for columns without rules. */
  readonly ruled: string | null;
}

/** A column of the mapping with the SQL that reads it. */
interface ReadColumn {
  readonly column: ColumnMapping;
  /** Index among the columns of the source. */
  readonly index: number;
  /** Quoted SQL name. */
  readonly name: string;
  readonly raw: { readonly sql: string; readonly type: string };
  readonly sql: ColumnSql;
  /** Columns that are selected first, and those that are selected from them, when the column is read alone. */
  readonly tried: readonly string[];
  readonly values: readonly string[];
  /** The same for all columns that can be read together. */
  readonly form: ColumnSql;
}

/** Columns that are read together as a list, and the SQL of the steps. */
interface ColumnGroup {
  readonly lists: string[];
  readonly values: string[];
  /** SQL of each column and mark, by its name. */
  readonly taken: (readonly [name: string, sql: string])[];
  /** SQL of the position of the first invalid value among the columns of the group. */
  readonly bad: string;
  /** Index of the first column with an invalid value. */
  readonly violation: string;
  /** Text of this value, null when the row's first invalid value is in another group. */
  readonly text: string;
}

function groupColumns(columns: readonly ReadColumn[]): { alone: ReadColumn[]; groups: ColumnGroup[] } {
  const byForm = Map.groupBy(columns, ({ column, raw, form }) => JSON.stringify([column.type, raw.type, form]));
  const together = [...byForm.values()].filter((group) => group.length >= MIN_TOGETHER).flatMap(inParts);
  const grouped = new Set(together.flat());
  return { alone: columns.filter((column) => !grouped.has(column)), groups: together.map(groupSql) };
}

/** Splits a long list of columns into parts of at most `MAX_TOGETHER`. */
const inParts = (columns: readonly ReadColumn[]): ReadColumn[][] =>
  Array.from({ length: Math.ceil(columns.length / MAX_TOGETHER) }, (_, part) =>
    columns.slice(part * MAX_TOGETHER, (part + 1) * MAX_TOGETHER),
  );

function groupSql(columns: readonly ReadColumn[], number: number): ColumnGroup {
  const named = (kind: string): string => sqlName(`~${kind} of ${number}`);
  const [raws, values, ruled, bad] = ["raws", "values", "ruled", "bad"].map(named);
  const { form } = columns[0] ?? { form: { value: "null", known: "null", ruled: null } };
  const { value, known } = form;
  // Element i of the list is the column with the i-th of these indexes.
  const violation = `[${columns.map(({ index }) => index).join(", ")}][${bad}]`;
  return {
    lists: [`[${columns.map(({ raw }) => raw.sql).join(", ")}] as ${raws}`],
    values: [
      `list_transform(${raws}, lambda ${RAW}: ${value}) as ${values}`,
      ...(form.ruled === null ? [] : [`list_transform(${raws}, lambda ${RAW}: ${form.ruled}) as ${ruled}`]),
    ],
    taken: [
      ...columns.map(({ name }, i) => [name, `${values}[${i + 1}]`] as const),
      ...(form.ruled === null
        ? []
        : columns.map(({ column }, i) => [ruledMark(column), `${ruled}[${i + 1}]`] as const)),
    ],
    // Only rows with a raw value that was not cast are looked at again.
    bad: `case when list_count(${values}) <> list_count(${raws}) then list_min(list_transform(${raws},
       lambda ${RAW}, i: case when ${value} is null and ${known} is not null then i end)) end as ${bad}`,
    violation,
    text: `case when violation = ${violation} then left((list_transform(${raws}, lambda ${RAW}: ${known})[${bad}])::varchar, ${MAX_SAMPLE_TEXT}) end`,
  };
}

/** Name of the raw value in the SQL of a form. */
const RAW = "raw_value";

function readColumn(column: ColumnMapping, index: number, source: SourceMapping, reader: FileReader): ReadColumn {
  const raw = reader.raw.get(column.name);
  if (!raw) throw new Error(`no column ${column.name} in the file`);
  const name = sqlName(column.name);
  const sql = columnSql(column, source, raw.type, raw.sql);
  const form = formOf(column, source, raw.type);
  const marks = sql.ruled === null ? [] : [`${sql.ruled} as ${ruledMark(column)}`];
  const base = { column, index, name, raw, sql, form };
  if (!isPlainNumber(column, source)) return { ...base, tried: [], values: [`${sql.value} as ${name}`, ...marks] };
  // Nearly all numbers need no cleaning. One attempt, stored in a separate column, makes reading twice as
  // fast in total.
  const first = sqlName(`~try ${column.name}`);
  const clean = `isfinite(${first}) and not contains(${raw.sql}, '_')`;
  return {
    ...base,
    tried: [`try_cast(${raw.sql} as double) as ${first}`],
    values: [`case when ${clean} then ${first} when ${raw.sql} is not null then ${sql.value} end as ${name}`],
  };
}

/** Returns the SQL of a column over the raw value `RAW`. */
function formOf(column: ColumnMapping, source: SourceMapping, type: string): ColumnSql {
  const sql = columnSql(column, source, type, RAW);
  if (!isPlainNumber(column, source)) return sql;
  const first = `try_cast(${RAW} as double)`;
  const clean = `isfinite(${first}) and not contains(${RAW}, '_')`;
  return { ...sql, value: `(case when ${clean} then ${first} when ${RAW} is not null then ${sql.value} end)` };
}

/** Whether a column of a CSV file has numbers that DuckDB casts without changes, and no rules. */
const isPlainNumber = (column: ColumnMapping, source: SourceMapping): boolean =>
  source.format === "csv" &&
  column.type === "number" &&
  source.decimal === "." &&
  column.numberForm === undefined &&
  !hasRules(column);

/** Returns the SQL that reads the raw value `raw` of DuckDB type `type`. */
function columnSql(column: ColumnMapping, source: SourceMapping, type: string, raw: string): ColumnSql {
  const isRuled = ruledColumns(source).includes(column);
  const read = source.format === "csv" ? textColumn(raw) : parquetColumn(column, type, raw);
  if (read === null) throw new Error(`no way to read ${column.name}`);
  if (read.kind === "value") {
    const rules = [...(hasRules(column) ? [ruledNull(column, read.text)] : []), ...(read.isNan ? [read.isNan] : [])];
    const ruled = rules.length === 0 ? "false" : `coalesce(${rules.join(" or ")}, false)`;
    return {
      value: `case when not ${ruled} then ${read.value} end`,
      known: `case when ${ruled} then null else ${read.text} end`,
      ruled: isRuled ? ruled : null,
    };
  }
  const bare = bareValue(column, read.text);
  const shown =
    read.undecoded === null ? bare : `case when ${read.text} is null then ${read.undecoded} else ${bare} end`;
  if (!isRuled) return { value: castValue(column, bare, source.decimal), known: shown, ruled: null };
  const ruled = ruledNull(column, bare);
  const known = (value: string): string => `case when ${ruled} then null else ${value} end`;
  return { value: castValue(column, known(bare), source.decimal), known: known(shown), ruled };
}

/** Returns the description of a column of a CSV file, which DuckDB reads as text. */
const textColumn = (sql: string) => ({ kind: "text", text: sql, undecoded: null }) as const;
