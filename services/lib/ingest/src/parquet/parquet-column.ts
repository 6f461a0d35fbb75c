import type { ColumnMapping } from "@bellwether/config/source-mapping";
import { DUCKDB_TYPE } from "../duckdb/column-sql.ts";
import { isNumeric } from "../duckdb/date-sql.ts";
import { sqlText } from "../duckdb/quote-sql.ts";
import { wholeNumber } from "../supplier-id.ts";

/** How a value of a Parquet column is converted for its column of the mapping. */
export type ParquetColumn =
  | {
      /** The value is read like the text of a CSV file. */
      readonly kind: "text";
      /** SQL of the text; null when the value is missing or its bytes are not UTF-8. */
      readonly text: string;
      /**
       * SQL of the text that is shown for bytes that are not UTF-8; null when the column cannot have such
       * bytes.
       */
      readonly undecoded: string | null;
    }
  | {
      readonly kind: "value";
      /** SQL of the value in the column's type; null when it is not of that type. */
      readonly value: string;
      /** SQL of the value as a text, null when it is missing. */
      readonly text: string;
      /** SQL that is true when the value is NaN, which means "not known"; null for types without NaN. */
      readonly isNan: string | null;
    };

const INTEGERS = /^U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;
const FLOATS = /^(?:DOUBLE|FLOAT)$/;
const DECIMAL = /^DECIMAL\(\d+,\d+\)$/;
const DAYS = /^(?:DATE|TIMESTAMP|TIMESTAMP_S|TIMESTAMP_MS|TIMESTAMP_NS|TIMESTAMP WITH TIME ZONE)$/;
const ENUM = /^ENUM\(/;
const PLAIN_TEXTS = /^(?:BOOLEAN|UUID|TIME|TIME WITH TIME ZONE)$/;

/** Whether a DuckDB type is one of numbers. */
export function isNumberType(type: string): boolean {
  return INTEGERS.test(type) || FLOATS.test(type) || DECIMAL.test(type);
}

/** The parts of a column's mapping that decide how its Parquet values are read. */
type ReadColumn = Pick<ColumnMapping, "type"> & Partial<Pick<ColumnMapping, "formats" | "timeZone">>;

/**
 * Returns how column `raw` (SQL) of DuckDB type `type` is read; null when it cannot be read as the type that
 * the mapping declares. No value is converted inexactly: 1.5 is not an integer, 0.1 not a text, 2 not a
 * boolean.
 */
export function parquetColumn(column: ReadColumn, type: string, raw: string): ParquetColumn | null {
  if (type === "VARCHAR" || type === "JSON" || ENUM.test(type)) {
    return { kind: "text", text: `${raw}::varchar`, undecoded: null };
  }
  if (type === "BLOB") return { kind: "text", text: `try(decode(${raw}))`, undecoded: `${raw}::varchar` };
  const isNan = FLOATS.test(type) ? `isnan(${raw})` : null;
  const isNumber = isNumberType(type);
  const cast = `try_cast(${raw} as ${DUCKDB_TYPE[column.type]})`;
  // The text of a DECIMAL has trailing zeros: 7.00.
  const whole = INTEGERS.test(type)
    ? `${raw}::varchar`
    : DECIMAL.test(type)
      ? `(case when ${raw} = trunc(${raw}) then trunc(${raw})::hugeint::varchar end)`
      : `(${wholeNumber(raw)})`;
  const text = isNumber ? `coalesce(${whole}, ${raw}::varchar)` : `${raw}::varchar`;
  const known = isNan === null ? text : `case when not ${isNan} then ${text} end`;
  const value = (sql: string): ParquetColumn => ({ kind: "value", value: sql, text: known, isNan });
  switch (column.type) {
    case "text":
      if (FLOATS.test(type)) return value(whole);
      return isNumber || DAYS.test(type) || PLAIN_TEXTS.test(type) ? value(text) : null;
    case "number":
      if (FLOATS.test(type)) return value(`case when isfinite(${raw}) then ${raw}::double end`);
      return isNumber || type === "BOOLEAN" ? value(cast) : null;
    case "integer":
      if (INTEGERS.test(type) || type === "BOOLEAN") return value(cast);
      return isNumber ? value(`try_cast(${whole} as bigint)`) : null;
    case "boolean":
      if (INTEGERS.test(type)) return value(`case when ${raw} in (0, 1) then ${raw} = 1 end`);
      return type === "BOOLEAN" ? value(raw) : null;
    case "date":
    case "timestamp":
      // Days that are stored as numbers: 20240131, or a serial number of Excel.
      if (isNumber && column.formats?.some(isNumeric)) return { kind: "text", text: known, undecoded: null };
      if (type === "TIMESTAMP WITH TIME ZONE" && column.timeZone !== undefined)
        return value(`timezone(${sqlText(column.timeZone)}, ${raw})::${DUCKDB_TYPE[column.type]}`);
      return DAYS.test(type) ? value(cast) : null;
  }
}

/**
 * Returns why a value of a Parquet column of DuckDB type `type` does not fit its column; null when the
 * expected form of the column is reason enough.
 */
export function parquetError(column: ColumnMapping, type: string): string | null {
  if (type === "BLOB") return column.type === "text" ? "bytes that are not UTF-8" : null;
  if (column.type === "text" && FLOATS.test(type))
    return `stored as ${type} and not a whole number within 2^53, so that its text is not known`;
  return null;
}
