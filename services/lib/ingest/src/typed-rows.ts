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
  const columns = source.columns.map((column, i) => columnSql(column, i, source, reader));
  const ruled = ruledColumns(source).map((column) => ruledMark(column));
  const names = [...source.columns.map((column) => sqlName(column.name)), ...ruled].join(", ");
  // Never true. It looks at every column, else which broken rows are seen would depend on the columns the mapping reads.
  const tooLong = `when bytes > ${4 * MAX_LINE_BYTES} then 0`;
  const faults = columns.map((c, i) => `when ${c.known} is not null and ${c.name} is null then ${i}`).join(" ");
  const texts = columns.map((c, i) => `when ${i} then left(${c.known}::varchar, ${MAX_SAMPLE_TEXT})`).join(" ");
  const bytes = reader.texts.map((text) => `coalesce(strlen(${text}), 0)`).join(" + ") || "0";
  const lines = reader.texts.map(extraLines).join(" + ") || "0";
  return `
    select ${names}, fault, case fault ${texts} end, extra_lines
    from (
      select *, case ${tooLong} ${faults} end as fault
      from (
        select *, ${columns.map((c) => `${c.cast} as ${c.name}`).join(", ")}
        from (
          select *, ${columns.flatMap((c) => c.ruling).join(", ")}
          from (
            select ${columns.map((c) => c.bare).join(", ")}, ${bytes} as bytes, ${lines} as extra_lines
            from ${reader.from}
          )
        )
      )
    )`;
}

/** The stages of one column: bare value `b`, value `k` that is known after the rules, cast value under its name. */
function columnSql(column: ColumnMapping, index: number, source: SourceMapping, reader: FileReader) {
  const raw = reader.raw.get(column.name);
  if (!raw) throw new Error(`no column ${column.name} in the file`);
  const known = `k${index}`;
  const rule = raw.isText ? ruledNull(column, `b${index}`) : "false";
  const hasMark = ruledColumns(source).includes(column);
  return {
    name: sqlName(column.name),
    known,
    bare: `${raw.isText ? bareValue(column, raw.sql) : raw.sql} as b${index}`,
    ruling: [
      `case when ${rule} then null else b${index} end as ${known}`,
      ...(hasMark ? [`${rule} as ${ruledMark(column)}`] : []),
    ],
    cast: raw.isText ? castValue(column, known, source.decimal) : `try_cast(${known} as ${DUCKDB_TYPE[column.type]})`,
  };
}

/** SQL of the lines that a text adds to the first line of its record, blank ones not counted. */
function extraLines(text: string): string {
  const collapsed = `regexp_replace(${text}, '\\n(\\r?\\n)+', chr(10), 'g')`;
  const added = `strlen(${collapsed}) - strlen(replace(${collapsed}, chr(10), ''))`;
  return `(case when contains(${text}, chr(10)) then ${added} else 0 end)`;
}
