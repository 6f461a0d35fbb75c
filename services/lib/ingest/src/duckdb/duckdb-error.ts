/** What DuckDB says is wrong, in one line: the rest are hints about its own options. */
export function duckdbErrorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split("\n", 1)[0] ?? "").slice(0, 300);
}
