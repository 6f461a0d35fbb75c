/** Returns the first line of a DuckDB error. The other lines are hints about DuckDB's own options. */
export function duckdbErrorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split("\n", 1)[0] ?? "").slice(0, 300);
}
