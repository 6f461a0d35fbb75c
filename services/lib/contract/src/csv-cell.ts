/** A value of a cell. Numbers are written with a decimal point, whatever the locale. Null and undefined are empty cells. */
export type CsvValue = string | number | bigint | null | undefined;

/** The byte order mark at the beginning of a file for people: spreadsheet programs then read it as UTF-8. */
export const CSV_MARK = "\uFEFF";

/**
 * Matches a text that a spreadsheet program reads as a formula, and a text that `cellFromText` could have written.
 * Both can begin with apostrophes, so that two different texts never have the same cell.
 */
const FORMULA = /^'*(\s*[=+\-@|%＝＋－＠]|[\t\r\n])/;
const DEFUSED = /^'+(\s*[=+\-@|%＝＋－＠]|[\t\r\n])/;

/**
 * Returns a text as a CSV cell (RFC 4180). A text that a spreadsheet program would take for a formula gets a
 * leading apostrophe, which shows it as text; `textFromCell` removes it. Zero bytes are left out.
 */
export function cellFromText(text: string): string {
  const clean = text.replaceAll("\0", "");
  const safe = FORMULA.test(clean) ? `'${clean}` : clean;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Returns the text of a cell that `cellFromText` wrote, or of any other cell, without outer white space. */
export function textFromCell(cell: string): string {
  const text = cell.trim();
  return DEFUSED.test(text) ? text.slice(1) : text;
}

/** Returns a row with its line end. A number is never taken for a formula: "-1.5" is written as it is. */
export function csvRow(values: readonly CsvValue[]): string {
  return `${values.map((value) => (typeof value === "string" ? cellFromText(value) : String(value ?? ""))).join(",")}\r\n`;
}

/** Returns a table with its byte order mark. */
export const csvOf = (rows: readonly (readonly CsvValue[])[]): string => `${CSV_MARK}${rows.map(csvRow).join("")}`;
