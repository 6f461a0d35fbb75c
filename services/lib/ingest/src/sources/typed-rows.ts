import type { ColumnMapping, SourceMapping } from "@bellwether/config/source-mapping";
import { bareValue, castValue, DUCKDB_TYPE, ruledNull } from "../duckdb/column-sql.ts";
import { sqlName } from "../duckdb/quote-sql.ts";
import type { FileReader } from "../files/file-reader.ts";
import { MAX_LINE_BYTES } from "../ingest-limits.ts";
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
 * Returns the SELECT that casts the columns of a file and marks the first invalid value of each row.
 * Invisible characters are removed from the text column `idColumn`.
 */
export function typedRows(source: SourceMapping, reader: FileReader, idColumn: string | null): string {
  const columns = source.columns.map((column) => columnSql(column, source, reader));
  const hasId = source.columns.some(({ name, type }) => type === "text" && name === idColumn);
  const id = hasId && idColumn !== null ? sqlName(idColumn) : null;
  const cleaned = id === null ? "false" : `${cleanIdSql(id)} is distinct from ${id}`;
  const selected = columns.map((c) => (c.name === id ? `${cleanIdSql(id)} as ${id}` : c.name));
  const names = [...selected, ...ruledColumns(source).map(ruledMark)].join(", ");
  // This condition is never true, but DuckDB reads every column for it. Otherwise the columns that the
  // mapping reads would decide which broken rows DuckDB detects.
  const bytes = reader.texts.map((text) => `coalesce(strlen(${text}), 0)`).join(" + ") || "0";
  const tooLong = `case when ${bytes} > ${4 * MAX_LINE_BYTES} then 0 end`;
  const violations = columns.map(
    (c, i) => `case when ${c.name} is null then case when ${c.known} is not null then ${i} end end`,
  );
  const texts = columns.map((c, i) => `when ${i} then left(${c.known}::varchar, ${MAX_SAMPLE_TEXT})`).join(" ");
  return `
    select ${names}, fault, case fault ${texts} end, ${cleaned}
    from (
      select *, coalesce(${[tooLong, ...violations].join(", ")}) as fault
      from (
        select *, ${columns.flatMap((c) => c.values).join(", ")}
        from (select ${["*", ...columns.flatMap((c) => c.tried)].join(", ")} from ${reader.from})
      )
    )`;
}

/**
 * Returns the SQL of one column: a first attempt to cast it, its cast value and marks, and its value after
 * the rules.
 */
function columnSql(column: ColumnMapping, source: SourceMapping, reader: FileReader) {
  const raw = reader.raw.get(column.name);
  if (!raw) throw new Error(`no column ${column.name} in the file`);
  const name = sqlName(column.name);
  const tried: string[] = [];
  const read = source.format === "csv" ? textColumn(raw.sql) : parquetColumn(column, raw.type, raw.sql);
  if (read === null) throw new Error(`no way to read ${column.name}`);
  if (read.kind === "value") {
    const rules = [...(hasRules(column) ? [ruledNull(column, read.text)] : []), ...(read.isNan ? [read.isNan] : [])];
    const ruled = rules.length === 0 ? "false" : `coalesce(${rules.join(" or ")}, false)`;
    const known = `case when ${ruled} then null else ${read.text} end`;
    const values = [`case when not ${ruled} then ${read.value} end as ${name}`];
    if (ruledColumns(source).includes(column)) values.push(`${ruled} as ${ruledMark(column)}`);
    return { name, tried, known, values };
  }
  const bare = bareValue(column, read.text);
  const shown =
    read.undecoded === null ? bare : `case when ${read.text} is null then ${read.undecoded} else ${bare} end`;
  const cast = castValue(column, bare, source.decimal);
  if (ruledColumns(source).includes(column)) {
    const ruled = ruledNull(column, bare);
    const known = (value: string) => `case when ${ruled} then null else ${value} end`;
    const values = [`${castValue(column, known(bare), source.decimal)} as ${name}`, `${ruled} as ${ruledMark(column)}`];
    return { name, tried, known: known(shown), values };
  }
  if (column.type !== "number" || source.decimal !== "." || column.numberForm !== undefined)
    return { name, tried, known: shown, values: [`${cast} as ${name}`] };
  // Nearly all numbers need no cleaning. One attempt, stored in a separate column, makes reading twice as
  // fast in total.
  const first = sqlName(`~try ${column.name}`);
  const clean = `isfinite(${first}) and not contains(${read.text}, '_')`;
  return {
    name,
    tried: [`try_cast(${read.text} as double) as ${first}`],
    known: shown,
    values: [`case when ${clean} then ${first} when ${read.text} is not null then ${cast} end as ${name}`],
  };
}

/** Returns the description of a column of a CSV file, which DuckDB reads as text. */
const textColumn = (sql: string) => ({ kind: "text", text: sql, undecoded: null }) as const;
