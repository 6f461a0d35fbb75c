import { z } from "zod";
import { integerFrom, leaf, oneOf, yesNo } from "./check-schema.ts";
import { NAME_PATTERN, nameSchema } from "./names.ts";
import { CURRENCY, DECIMAL_MARKS, NEGATIVE, numberForm, PERCENT, THOUSANDS_MARK } from "./number-form.ts";
import { isPattern } from "./re2-pattern.ts";
import {
  type ColumnMapping,
  type ColumnType,
  CSV_ENCODINGS,
  DELIMITERS,
  EXCEL_1900,
  EXCEL_1904,
  hasTwoDigitYear,
  pathColumns,
  type SourceMapping,
} from "./source-mapping.ts";

const COLUMN_TYPES: readonly ColumnType[] = ["text", "number", "integer", "boolean", "date", "timestamp"];

const DEFAULT_FORMATS: Readonly<Record<string, readonly string[]>> = {
  date: ["%Y-%m-%d"],
  timestamp: ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"],
};

/** Maximum number of columns that a mapping may read of a file. */
const MAX_COLUMNS = 2000;

const shortText = leaf<string>("a text of 1 to 200 characters", (v) => typeof v === "string" && /^.{1,200}$/su.test(v));

function listOf<S extends z.ZodType>(item: S, expected: string) {
  return z.array(item, { error: expected }).max(50, `${expected}, at most 50`);
}

/** Whether a text is a form of a date: a strptime form, or a kind of serial numbers. */
function isDateForm(value: unknown): boolean {
  if (value === EXCEL_1900 || value === EXCEL_1904) return true;
  return typeof value === "string" && /^[\x20-\x7e]*%[\x20-\x7e]{1,60}$/.test(value);
}

function isTimeZone(value: unknown): boolean {
  if (typeof value !== "string" || !/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(value)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

const timeZone = leaf<string>("an IANA time zone such as Europe/Berlin or UTC", isTimeZone).optional();

const typeNames = `one of ${COLUMN_TYPES.join(", ")}`;

/** A text in place of a column that is no type: probably the name of the file's column. */
class NoType {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const columnType = z.custom<ColumnType>((value) => COLUMN_TYPES.some((type) => type === value), {
  error: ({ input }) => {
    if (!(input instanceof NoType)) return typeNames;
    const header = /^[\p{L}_][\p{L}\p{N}_ ]*$/u.test(input.text) ? input.text : JSON.stringify(input.text);
    return `${typeNames}; when the column of the file has this name, write { header: ${header}, type: text }`;
  },
});

const columnSchema = z
  .strictObject(
    {
      type: columnType,
      header: shortText.optional(),
      trim: yesNo.default(false),
      optional: yesNo.default(false),
      formats: listOf(
        leaf<string>(`a strptime form such as %Y-%m-%d, or ${EXCEL_1900} or ${EXCEL_1904}`, isDateForm),
        "a list of strptime forms",
      ).optional(),
      two_digit_years_from: integerFrom(1800, 2100).optional(),
      time_zone: timeZone,
      decimal: oneOf(DECIMAL_MARKS).optional(),
      thousands: THOUSANDS_MARK.optional(),
      percent: oneOf(PERCENT).optional(),
      currency: CURRENCY.optional(),
      negative: NEGATIVE.optional(),
      null_values: listOf(shortText, "a list of values that mean not known").default([]),
      null_patterns: listOf(
        leaf<string>("a pattern of 1 to 200 characters in the syntax of RE2", isPattern),
        "a list of patterns",
      ).default([]),
    },
    { error: `a column type (${COLUMN_TYPES.join(", ")}) or a map with type` },
  )
  .superRefine((c, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    for (const { types, keys } of ONLY_FOR)
      for (const key of keys)
        if (c[key] !== undefined && !types.includes(c.type))
          wrong(key, `no ${key}, which only a ${types.join(" or ")} has`);
    const formats = c.formats ?? DEFAULT_FORMATS[c.type] ?? [];
    if (c.two_digit_years_from !== undefined && c.type in DEFAULT_FORMATS && !formats.some(hasTwoDigitYear))
      wrong("two_digit_years_from", "no two_digit_years_from, since no form of formats has a two-digit year (%y)");
  });

/** Keys of a column that only some types have. */
const ONLY_FOR: readonly {
  readonly types: readonly ColumnType[];
  readonly keys: readonly (
    | "formats"
    | "two_digit_years_from"
    | "time_zone"
    | "decimal"
    | "thousands"
    | "currency"
    | "negative"
    | "percent"
  )[];
}[] = [
  { types: ["date", "timestamp"], keys: ["formats", "two_digit_years_from", "time_zone"] },
  { types: ["number", "integer"], keys: ["decimal", "thousands", "currency", "negative"] },
  { types: ["number"], keys: ["percent"] },
];

/** A column's type alone is a short form of the column. */
const columnOrType = z.preprocess(
  (v) =>
    typeof v === "string" ? { type: COLUMN_TYPES.some((type) => type === v) ? v : new NoType(v.slice(0, 100)) } : v,
  columnSchema,
);

/** Whether a value is a relative path that stays below the data folder. */
function isFilePattern(value: unknown): boolean {
  if (typeof value !== "string" || !/^[^\0\\/][^\0\\]{0,254}$/u.test(value)) return false;
  const names = pathColumns(value);
  return (
    names.every((name) => NAME_PATTERN.test(name)) &&
    new Set(names).size === names.length &&
    value
      .replace(/\/$/, "")
      .split("/")
      .every((part) => part !== "" && part !== "." && part !== "..")
  );
}

/** Schema of one entry under `sources`. */
export const sourceSchema = z
  .strictObject(
    {
      file: leaf<string>(
        "a file, folder or pattern below the data folder, without ..; each {name} once, a name of a-z, 0-9 and _",
        isFilePattern,
      ),
      format: oneOf(["csv", "parquet"]).default("csv"),
      encoding: oneOf(CSV_ENCODINGS).optional(),
      delimiter: leaf<string>(`one of ${DELIMITERS.map(({ shown }) => shown).join(", ")}`, (v) =>
        DELIMITERS.some(({ delimiter }) => delimiter === v),
      ).default(","),
      decimal: oneOf(DECIMAL_MARKS).default("."),
      thousands: THOUSANDS_MARK.optional(),
      skip_lines: integerFrom(0, 1000).optional(),
      time_zone: timeZone,
      columns: z
        .record(nameSchema, columnOrType, { error: "a map of column name to type" })
        .refine((c) => Object.keys(c).length > 0, { error: "at least one column" })
        .refine((c) => Object.keys(c).length <= MAX_COLUMNS, { error: `at most ${MAX_COLUMNS} columns` }),
    },
    { error: "a source: file, format, columns" },
  )
  .superRefine((s, context) => {
    for (const key of ["encoding", "skip_lines"] as const)
      if (s.format !== "csv" && s[key] !== undefined)
        context.addIssue({ code: "custom", path: [key], message: `no ${key}, which only a CSV file has` });
    const differ = (message: string, path: PropertyKey[]) => context.addIssue({ code: "custom", path, message });
    const another = "another mark than decimal";
    if (s.thousands === s.decimal) differ(another, ["thousands"]);
    else
      for (const [name, c] of Object.entries(s.columns)) {
        const form = numberForm(c, s);
        if (form && form.thousands === form.decimal)
          differ(another, ["columns", name, c.thousands === undefined ? "decimal" : "thousands"]);
      }
  });

/** Returns the source named `name`, from its checked YAML. */
export function sourceFromYaml(name: string, yaml: z.output<typeof sourceSchema>): SourceMapping {
  return {
    name,
    file: yaml.file.replace(/\/$/, ""),
    format: yaml.format,
    ...(yaml.encoding !== undefined && yaml.encoding !== "utf-8" && { encoding: yaml.encoding }),
    delimiter: yaml.delimiter,
    decimal: yaml.decimal,
    ...(yaml.skip_lines && { skipLines: yaml.skip_lines }),
    columns: Object.entries(yaml.columns).map(([column, c]) => columnFromYaml(column, c, yaml)),
  };
}

function columnFromYaml(
  name: string,
  yaml: z.output<typeof columnSchema>,
  source: z.output<typeof sourceSchema>,
): ColumnMapping {
  const form = numberForm(yaml, source);
  const zone = yaml.time_zone ?? (yaml.type in DEFAULT_FORMATS ? source.time_zone : undefined);
  return {
    name,
    header: yaml.header ?? name,
    type: yaml.type,
    trim: yaml.trim,
    formats: yaml.formats ?? DEFAULT_FORMATS[yaml.type] ?? [],
    nullValues: yaml.null_values,
    nullPatterns: yaml.null_patterns,
    ...(form && { numberForm: form }),
    ...(yaml.optional && { optional: true as const }),
    ...(yaml.two_digit_years_from !== undefined && { twoDigitYearsFrom: yaml.two_digit_years_from }),
    ...(zone !== undefined && zone !== "UTC" && { timeZone: zone }),
  };
}
