import { z } from "zod";
import { leaf, oneOf, textLike, yesNo } from "./check-schema.ts";
import { nameSchema } from "./names.ts";

/** Type of a raw value. A date is a day, a timestamp a day and time without a time zone. */
export type ColumnType = "text" | "number" | "integer" | "boolean" | "date" | "timestamp";

const COLUMN_TYPES: readonly ColumnType[] = ["text", "number", "integer", "boolean", "date", "timestamp"];

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
  /** strptime forms of a date or timestamp, tried in this order. */
  readonly formats: readonly string[];
  /** Values that mean "not known", compared without the blanks around them. An empty value always means it. */
  readonly nullValues: readonly string[];
  /** RE2 patterns of whole values that mean "not known". */
  readonly nullPatterns: readonly string[];
}

/** Encodings of CSV files, by their names in the WHATWG Encoding Standard; utf-16 is little- or big-endian. */
export type CsvEncoding = "utf-8" | "utf-16" | "windows-1252" | "iso-8859-1";

export const CSV_ENCODINGS: readonly CsvEncoding[] = ["utf-8", "utf-16", "windows-1252", "iso-8859-1"];

/** Raw files of one format, read as one table. */
export interface SourceMapping {
  /** Name of the table in the mapping's SQL. */
  readonly name: string;
  /** File name or pattern (`*`, `?`) below the data folder; a name that ends in `.gz` is read as gzip. */
  readonly file: string;
  readonly format: "csv" | "parquet";
  /**
   * Encoding of a CSV file; left out for UTF-8, so that mappings without it keep the hash that they had
   * before this field existed.
   */
  readonly encoding?: CsvEncoding;
  readonly delimiter: string;
  readonly decimal: "." | ",";
  readonly columns: readonly ColumnMapping[];
}

const DEFAULT_FORMATS: Readonly<Record<string, readonly string[]>> = {
  date: ["%Y-%m-%d"],
  timestamp: ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"],
};

const shortText = leaf<string>("a text of 1 to 200 characters", (v) => typeof v === "string" && /^.{1,200}$/su.test(v));

function listOf<S extends z.ZodType>(item: S, expected: string) {
  return z.array(item, { error: expected }).max(50, `${expected}, at most 50`);
}

const columnSchema = z
  .strictObject(
    {
      type: oneOf(COLUMN_TYPES),
      header: shortText.optional(),
      trim: yesNo.default(false),
      formats: listOf(
        textLike("a strptime form such as %Y-%m-%d", /^[\x20-\x7e]*%[\x20-\x7e]{1,60}$/),
        "a list of strptime forms",
      ).optional(),
      null_values: listOf(shortText, "a list of values that mean not known").default([]),
      null_patterns: listOf(shortText, "a list of patterns").default([]),
    },
    { error: `a column type (${COLUMN_TYPES.join(", ")}) or a map with type` },
  )
  .refine((c) => c.formats === undefined || c.type in DEFAULT_FORMATS, {
    path: ["formats"],
    error: "no formats, which only a date or a timestamp has",
  });

/** A column's type alone is a short form of the column. */
const columnOrType = z.preprocess((v) => (typeof v === "string" ? { type: v } : v), columnSchema);

/** Whether a value is a relative path that stays below the data folder. */
function isFilePattern(value: unknown): boolean {
  return (
    typeof value === "string" &&
    /^[^\0\\/][^\0\\]{0,254}$/u.test(value) &&
    value.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

/** Schema of one entry under `sources`. */
export const sourceSchema = z
  .strictObject(
    {
      file: leaf<string>("a file name or pattern below the data folder, without ..", isFilePattern),
      format: oneOf(["csv", "parquet"]).default("csv"),
      encoding: oneOf(CSV_ENCODINGS).optional(),
      delimiter: oneOf([",", ";", "\t", "|"]).default(","),
      decimal: oneOf([".", ","]).default("."),
      columns: z
        .record(nameSchema, columnOrType, { error: "a map of column name to type" })
        .refine((c) => Object.keys(c).length > 0, { error: "at least one column" })
        .refine((c) => Object.keys(c).length <= 500, { error: "at most 500 columns" }),
    },
    { error: "a source: file, format, columns" },
  )
  .refine((s) => s.format === "csv" || s.encoding === undefined, {
    path: ["encoding"],
    error: "no encoding, which only a CSV file has",
  });

/** Returns the source named `name`, from its checked YAML. */
export function sourceFromYaml(name: string, yaml: z.output<typeof sourceSchema>): SourceMapping {
  return {
    name,
    file: yaml.file,
    format: yaml.format,
    ...(yaml.encoding !== undefined && yaml.encoding !== "utf-8" && { encoding: yaml.encoding }),
    delimiter: yaml.delimiter,
    decimal: yaml.decimal,
    columns: Object.entries(yaml.columns).map(([column, c]) => ({
      name: column,
      header: c.header ?? column,
      type: c.type,
      trim: c.trim,
      formats: c.formats ?? DEFAULT_FORMATS[c.type] ?? [],
      nullValues: c.null_values,
      nullPatterns: c.null_patterns,
    })),
  };
}

/** Name of the table with the as-of dates of the rows; it has one column, `as_of`. */
export const SNAPSHOTS = "snapshots";
