import { type ColumnMapping, EXCEL_1900, EXCEL_1904, hasTwoDigitYear } from "@bellwether/config/source-mapping";
import { sqlText, sqlTexts } from "./quote-sql.ts";

/** Whether values in a strptime form have a time zone: `%z`, `%Z`, or the letter Z after a time, which is UTC. */
function hasZone(format: string): boolean {
  return /(?<!%)(?:%%)*%[zZ]/.test(format) || /%-?[HMSf]Z$/.test(format);
}

/** Whether values in a form are digits only, so that a column of numbers can have them. */
export function isNumeric(format: string): boolean {
  return format === EXCEL_1900 || format === EXCEL_1904 || /^(?:%[YmdHMSjy])+$/.test(format);
}

/** Returns the forms of a column as people read them. */
export function dateForms(formats: readonly string[]): string {
  const names: Readonly<Record<string, string>> = {
    [EXCEL_1900]: "a serial number of Excel",
    [EXCEL_1904]: "a serial number of Excel (1904)",
  };
  return formats.map((format) => names[format] ?? format).join(" or ");
}

/**
 * Returns SQL of the day or timestamp that a text means in the first of the column's forms that fits; null when
 * none fits.
 */
export function dateSql(column: ColumnMapping, text: string): string {
  const { formats, type, twoDigitYearsFrom, timeZone } = column;
  const isPlain = (format: string) =>
    format !== EXCEL_1900 &&
    format !== EXCEL_1904 &&
    !(twoDigitYearsFrom !== undefined && hasTwoDigitYear(format)) &&
    !(timeZone !== undefined && hasZone(format));
  if (formats.every(isPlain)) return `try_strptime(${text}, ${sqlTexts(formats)})::${type}`;
  const each = formats.map((format) => {
    if (format === EXCEL_1900) return excel1900(text);
    if (format === EXCEL_1904) return excel1904(text);
    const parsed = `try_strptime(${text}, ${sqlText(format)})`;
    const local =
      timeZone !== undefined && hasZone(format)
        ? `timezone(${sqlText(timeZone)}, ${parsed}::timestamptz)`
        : `${parsed}::timestamp`;
    return twoDigitYearsFrom !== undefined && hasTwoDigitYear(format) ? inCentury(local, twoDigitYearsFrom) : local;
  });
  return `coalesce(${each.join(", ")})::${type}`;
}

/**
 * Returns SQL of a timestamp, moved by centuries into the hundred years from `first`; null for 29 February of a
 * year that has none.
 */
function inCentury(time: string, first: number): string {
  const years = `(${first} + ((year(${time}) - ${first}) % 100 + 100) % 100 - year(${time}))::integer`;
  const moved = `(${time} + to_years(${years}))`;
  return `case when day(${moved}) = day(${time}) then ${moved} end`;
}

/** A whole number of days, and a fraction of a day. */
const SERIAL = "[0-9]{1,7}(?:[.,][0-9]+)?";
const DAY_MS = 86_400_000;
/** Serial number of 9999-12-31, the last day of Excel. */
const LAST_1900 = 2_958_465;
/** Days between the two ways in which Excel counts. */
const DAYS_BETWEEN = 1462;

function serial(text: string): string {
  return `case when regexp_full_match(${text}, '${SERIAL}') then try_cast(replace(${text}, ',', '.') as double) end`;
}

function after(day: string, number: string): string {
  const fraction = `to_milliseconds(round((${number} - floor(${number})) * ${DAY_MS})::bigint)`;
  return `timestamp '${day}' + to_days(floor(${number})::integer) + ${fraction}`;
}

/** Excel counts 1900-02-29, a day that did not exist, as 60: the days before it have one number less. */
function excel1900(text: string): string {
  const number = serial(text);
  return `case when ${number} >= 1 and ${number} < 60 then ${after("1899-12-31", number)}
    when ${number} >= 61 and ${number} < ${LAST_1900 + 1} then ${after("1899-12-30", number)} end`;
}

function excel1904(text: string): string {
  const number = serial(text);
  return `case when ${number} < ${LAST_1900 - DAYS_BETWEEN + 1} then ${after("1904-01-01", number)} end`;
}
