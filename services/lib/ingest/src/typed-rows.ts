import type { ColumnMapping, SourceMapping } from "@bellwether/config/source-mapping";
import { bareValue, castValue, DUCKDB_TYPE, ruledNull } from "./column-sql.ts";
import type { FileReader } from "./file-reader.ts";
import { MAX_LINE_BYTES } from "./ingest-limits.ts";
import { sqlName } from "./quote-sql.ts";
import { MAX_SAMPLE_TEXT } from "./rejected-rows.ts";

/** Marks that a raw row carries beside its values. */
export const MARK = {
  /** Index of the first column whose value is not of its type; null: the row is good. */
  fault: '"~fault"',
  /** That value, cut. */
  text: '"~text"',
  /** Physical lines of the file that the row takes beyond its first. */
  extraLines: '"~lines"',
} as const;

/** Columns of a source that have rules of what means "not known". */
export function ruledColumns(source: SourceMapping): ColumnMapping[] {
  return source.columns.filter((column) => column.nullValues.length + column.nullPatterns.length > 0);
}

/** Mark that a rule made the column's value "not known". */
export function ruledMark(column: ColumnMapping): string {
  return sqlName(`~ruled ${column.name}`);
}

/** Definition of the columns that `typedRows` selects. */
export function typedColumns(source: SourceMapping): string {
  return [
    ...source.columns.map((column) => `${sqlName(column.name)} ${DUCKDB_TYPE[column.type]}`),
    ...ruledColumns(source).map((column) => `${ruledMark(column)} boolean`),
    `${MARK.fault} integer`,
    `${MARK.text} varchar`,
    `${MARK.extraLines} bigint`,
  ].join(", ");
}

/** SELECT that casts the columns of a file and marks the first value at fault of each row. */
export function typedRows(source: SourceMapping, reader: FileReader): string {
  const columns = source.columns.map((column) => columnSql(column, source, reader));
  const names = [...columns.map((c) => c.name), ...ruledColumns(source).map(ruledMark)].join(", ");
  // Never true. It looks at every column, else which broken rows are seen would depend on the columns the mapping reads.
  const bytes = reader.texts.map((text) => `coalesce(strlen(${text}), 0)`).join(" + ") || "0";
  const tooLong = `case when ${bytes} > ${4 * MAX_LINE_BYTES} then 0 end`;
  const faults = columns.map(
    (c, i) => `case when ${c.name} is null then case when ${c.known} is not null then ${i} end end`,
  );
  const texts = columns.map((c, i) => `when ${i} then left(${c.known}::varchar, ${MAX_SAMPLE_TEXT})`).join(" ");
  const lines = reader.texts.map(extraLines).join(" + ") || "0";
  return `
    select ${names}, fault, case fault ${texts} end, ${lines}
    from (
      select *, coalesce(${[tooLong, ...faults].join(", ")}) as fault
      from (
        select *, ${columns.flatMap((c) => c.values).join(", ")}
        from (select ${["*", ...columns.flatMap((c) => c.tried)].join(", ")} from ${reader.from})
      )
    )`;
}

/** SQL of one column: a first try to cast it, its cast value and marks, and its value as it is known after the rules. */
function columnSql(column: ColumnMapping, source: SourceMapping, reader: FileReader) {
  const raw = reader.raw.get(column.name);
  if (!raw) throw new Error(`no column ${column.name} in the file`);
  const name = sqlName(column.name);
  const tried: string[] = [];
  if (!raw.isText)
    return { name, tried, known: raw.sql, values: [`try_cast(${raw.sql} as ${DUCKDB_TYPE[column.type]}) as ${name}`] };
  const bare = bareValue(column, raw.sql);
  const cast = castValue(column, bare, source.decimal);
  if (ruledColumns(source).includes(column)) {
    const ruled = ruledNull(column, bare);
    const known = `case when ${ruled} then null else ${bare} end`;
    const values = [`${castValue(column, known, source.decimal)} as ${name}`, `${ruled} as ${ruledMark(column)}`];
    return { name, tried, known, values };
  }
  if (column.type !== "number" || source.decimal !== ".")
    return { name, tried, known: bare, values: [`${cast} as ${name}`] };
  // Nearly all numbers are clean. One try, kept in a column of its own, makes the whole reading twice as fast.
  const first = sqlName(`~try ${column.name}`);
  const clean = `isfinite(${first}) and not contains(${raw.sql}, '_')`;
  return {
    name,
    tried: [`try_cast(${raw.sql} as double) as ${first}`],
    known: bare,
    values: [`case when ${clean} then ${first} when ${raw.sql} is not null then ${cast} end as ${name}`],
  };
}

/** SQL of the lines that a text adds to the first line of its record, blank ones not counted. */
function extraLines(text: string): string {
  const collapsed = `regexp_replace(${text}, '\\n(\\r?\\n)+', chr(10), 'g')`;
  const added = `strlen(${collapsed}) - strlen(replace(${collapsed}, chr(10), ''))`;
  return `(case when contains(${text}, chr(10)) then ${added} else 0 end)`;
}
