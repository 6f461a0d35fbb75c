/** Returns `text` as an SQL string literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Returns `name` as an SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Returns `items` as an SQL list literal of strings. */
export function sqlTexts(items: readonly string[]): string {
  return `[${items.map(sqlText).join(", ")}]`;
}
