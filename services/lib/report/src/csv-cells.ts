/** A first character with which a spreadsheet would run a cell as a formula. */
const FORMULA = /^\s*[=+\-@\t\r|%＝＋－＠]/;

/** A value of a cell. Null is an empty cell. */
export type CsvValue = string | number | null;

/**
 * Returns rows as CSV (RFC 4180) with a byte order mark, so that spreadsheets read it as UTF-8. A text that a
 * spreadsheet would run as a formula begins with an apostrophe.
 */
export function csvOf(rows: readonly (readonly CsvValue[])[]): string {
  return `\uFEFF${rows.map((row) => `${row.map(cellOf).join(",")}\r\n`).join("")}`;
}

function cellOf(value: CsvValue): string {
  if (typeof value !== "string") return value === null ? "" : String(value);
  const clean = value.replaceAll("\0", "");
  const safe = FORMULA.test(clean) ? `'${clean}` : clean;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
