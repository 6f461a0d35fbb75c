import type { ColumnMapping } from "@bellwether/config/source-mapping";
import { dateForms, dateSql } from "./date-sql.ts";
import { numberTextSql } from "./number-sql.ts";
import { sqlText } from "./quote-sql.ts";
import { trimSql } from "./trim-sql.ts";

/** DuckDB type of each column type. */
export const DUCKDB_TYPE: Readonly<Record<ColumnMapping["type"], string>> = {
  text: "VARCHAR",
  number: "DOUBLE",
  integer: "BIGINT",
  boolean: "BOOLEAN",
  date: "DATE",
  timestamp: "TIMESTAMP",
};

/** Returns the expected form of a value of the type, for people. */
export function expectedForm(column: ColumnMapping, decimal: string): string {
  switch (column.type) {
    case "number":
      return numberWords(column, decimal);
    case "integer":
      return "an integer";
    case "boolean":
      return "true or false";
    case "date":
    case "timestamp":
      return `a ${column.type} like ${dateForms(column.formats)}`;
    case "text":
      return "a text";
  }
}

function numberWords({ numberForm }: ColumnMapping, decimal: string): string {
  const marks = [
    ...((numberForm?.decimal ?? decimal) === "," ? ["a decimal comma"] : []),
    ...(numberForm?.percent ? ["the mark %, which every value of a column with percent needs"] : []),
  ];
  return ["a number", ...(marks.length === 0 ? [] : [marks.join(" and ")])].join(" with ");
}

/** Characters that are removed around a value: blank, tab and no-break space, which spreadsheets leave there. */
const BLANKS = [" ", "\t", "\u00a0"];

/**
 * Returns the SQL of a raw text value, without surrounding blanks unless its column keeps them; null when the
 * text is empty.
 */
export function bareValue(column: ColumnMapping, raw: string): string {
  if (keepsBlanks(column)) return `nullif(${raw}, '')`;
  // The texts of numbers and dates are short, and a file can have thousands of them.
  return `nullif(${column.type === "text" ? trimSql(raw, BLANKS) : `trim(${raw}, ${sqlText(BLANKS.join(""))})`}, '')`;
}

const keepsBlanks = ({ type, trim }: ColumnMapping): boolean => type === "text" && !trim;

/** Returns SQL that is true when a rule of the column makes `bare` "not known". */
export function ruledNull(column: ColumnMapping, bare: string): string {
  const text = keepsBlanks(column) ? trimSql(bare, BLANKS) : bare;
  const rules = column.nullPatterns.map((pattern) => `regexp_full_match(${text}, ${sqlText(pattern)})`);
  if (column.nullValues.length > 0)
    rules.unshift(`${text} in (${column.nullValues.map((v) => sqlText(v.trim())).join(", ")})`);
  return rules.length === 0 ? "false" : `coalesce(${rules.join(" or ")}, false)`;
}

/** Returns SQL that casts `known` (a text or null) to the column's type; null when it is not of that type. */
export function castValue(column: ColumnMapping, known: string, decimal: string): string {
  switch (column.type) {
    case "text":
      return known;
    case "number": {
      if (column.numberForm !== undefined) {
        const cast = `try_cast(${numberTextSql(known, column.numberForm, false)} as double)`;
        return `case when isfinite(${cast}) then ${cast} end`;
      }
      // Without these checks DuckDB reads 1_000 as a thousand and 1e999 as infinity.
      const point = decimal === "," ? `replace(${known}, ',', '.')` : known;
      const cast = `try_cast(${point} as double)`;
      const odd = decimal === "," ? `contains(${known}, '_') or contains(${known}, '.')` : `contains(${known}, '_')`;
      return `case when ${odd} or not isfinite(${cast}) then null else ${cast} end`;
    }
    case "integer":
      if (column.numberForm !== undefined)
        return `try_cast(${numberTextSql(known, column.numberForm, true)} as bigint)`;
      // Without this check DuckDB rounds 1.5 to 2 and accepts 0x10 and 1_000.
      return `case when regexp_full_match(${known}, '[+-]?[0-9]+') then try_cast(${known} as bigint) end`;
    case "boolean":
      return `try_cast(${known} as boolean)`;
    case "date":
    case "timestamp":
      return dateSql(column, known);
  }
}
