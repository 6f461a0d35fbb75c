type Cell = string | number;

const quoted = (cell: Cell): string => {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/**
 * Rows with equal keys as CSV (RFC 4180, LF line ends), the header first.
 * @param columns Columns of the header, in order. Default: the keys of the first row; without rows the text is then empty.
 */
export function toCsv<Row extends object>(rows: readonly Row[], columns?: readonly (keyof Row & string)[]): string {
  const header = columns ?? (Object.keys(rows[0] ?? {}) as (keyof Row & string)[]);
  if (header.length === 0) return "";
  const lines = rows.map((row) => header.map((column) => quoted(row[column] as Cell)).join(","));
  return `${[header.join(","), ...lines].join("\n")}\n`;
}
