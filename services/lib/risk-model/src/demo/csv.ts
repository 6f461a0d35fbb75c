type Cell = string | number;

const quoted = (cell: Cell): string => {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Rows of equal keys as CSV (RFC 4180, LF line ends), the header first. */
export function toCsv<Row extends object>(rows: readonly Row[]): string {
  const first = rows[0];
  if (first === undefined) return "";
  const columns = Object.keys(first) as (keyof Row & string)[];
  const lines = rows.map((row) => columns.map((column) => quoted(row[column] as Cell)).join(","));
  return `${columns.join(",")}\n${lines.join("\n")}\n`;
}
