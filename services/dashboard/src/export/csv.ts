/** A first character with which a spreadsheet would run a cell as a formula. */
const FORMULA = /^[\s]*[=+\-@\t\r|%]/;

/** A value of a cell. Numbers are written with a decimal point, whatever the reader's locale. */
export type CsvCell = string | number | bigint | undefined;

/**
 * Returns a table as CSV (RFC 4180) with a byte order mark, so that spreadsheets read it as UTF-8. A text that
 * a spreadsheet would run as a formula begins with an apostrophe.
 */
export function csvOf(header: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return `\uFEFF${[header, ...rows].map((row) => `${row.map(cellText).join(",")}\r\n`).join("")}`;
}

function cellText(cell: CsvCell): string {
  if (cell === undefined) return "";
  if (typeof cell !== "string") return String(cell);
  const safe = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
