import type { NumberForm } from "./number-form.ts";

/** Type of a raw value. A date is a day, a timestamp a day and time without a time zone. */
export type ColumnType = "text" | "number" | "integer" | "boolean" | "date" | "timestamp";

/**
 * One column of a raw file. A row is rejected when a value is not of the column's type and no rule makes it
 * null.
 */
export interface ColumnMapping {
  /** Name in the mapping's SQL. */
  readonly name: string;
  /** Name in the file's header. */
  readonly header: string;
  readonly type: ColumnType;
  /** Whether blanks around a text are removed. For other types they always are. */
  readonly trim: boolean;
  /** Forms of a date or timestamp, tried in this order: strptime forms, EXCEL_1900 or EXCEL_1904. */
  readonly formats: readonly string[];
  /** Values that mean "not known", compared without the blanks around them. An empty value always means it. */
  readonly nullValues: readonly string[];
  /** RE2 patterns of whole values that mean "not known". */
  readonly nullPatterns: readonly string[];
  // The fields below are left out where the mapping does not set them, so that mappings without them keep the
  // hash that they had before the fields existed.
  /** How numbers are written; left out for a number with the decimal mark of its source and nothing else. */
  readonly numberForm?: NumberForm;
  /** True: a file without the column is read, and the column is "not known" in all its rows. */
  readonly optional?: true;
  /** True: optional only because this is a weekly run, and only the label names the column. No file sets it. */
  readonly isOnlyForLabel?: true;
  /** First of the hundred years that a two-digit year can mean; left out for 1969. */
  readonly twoDigitYearsFrom?: number;
  /** IANA name of the time zone to which values with a zone are converted; left out for UTC. */
  readonly timeZone?: string;
}

/** Form of a serial number of Excel: days since 1899-12-30, as Excel counts by default. */
export const EXCEL_1900 = "excel";
/** Form of a serial number of Excel in workbooks that count days since 1904-01-01. */
export const EXCEL_1904 = "excel-1904";

/** Encodings of CSV files, by their names in the WHATWG Encoding Standard; utf-16 is little- or big-endian. */
export type CsvEncoding = "utf-8" | "utf-16" | "windows-1252" | "iso-8859-1";

export const CSV_ENCODINGS: readonly CsvEncoding[] = ["utf-8", "utf-16", "windows-1252", "iso-8859-1"];

/** Raw files of one format, read as one table. */
export interface SourceMapping {
  /** Name of the table in the mapping's SQL. */
  readonly name: string;
  /**
   * File, folder or pattern below the data folder. `*` and `?` match within one part of the path; `{name}` does
   * too, and the matched text is the column with the header `name`. Of a folder, all its files are read.
   */
  readonly file: string;
  readonly format: "csv" | "parquet";
  /**
   * Encoding of a CSV file; left out for UTF-8, so that mappings without it keep the hash that they had
   * before this field existed.
   */
  readonly encoding?: CsvEncoding;
  readonly delimiter: string;
  readonly decimal: "." | ",";
  /** Number of lines of a CSV file before the line with the column names; left out for 0. */
  readonly skipLines?: number;
  readonly columns: readonly ColumnMapping[];
}

/** Whether a strptime form has a year of two digits. */
export function hasTwoDigitYear(format: string): boolean {
  return /(?<!%)(?:%%)*%-?y/.test(format);
}

/** Names of the parts of a path that a file pattern reads as columns, in their order. */
export function pathColumns(file: string): string[] {
  return [...file.matchAll(/\{([^{}]*)\}/g)].map(([, name = ""]) => name);
}

/** Delimiters of CSV files, each with its text in YAML. */
export const DELIMITERS = [
  { delimiter: ",", shown: '","' },
  { delimiter: ";", shown: '";"' },
  { delimiter: "\t", shown: '"\\t"' },
  { delimiter: "|", shown: '"|"' },
  { delimiter: "^", shown: '"^"' },
  { delimiter: "~", shown: '"~"' },
  { delimiter: "\x01", shown: '"\\x01"' },
] as const;

/** Name of the table with the as-of dates of the rows; it has one column, `as_of`. */
export const SNAPSHOTS = "snapshots";
