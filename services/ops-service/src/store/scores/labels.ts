import type { PoolClient } from "pg";

export type LabelKind = "region" | "category";

/**
 * Returns the ids of regions or categories by their text, and creates those that do not exist. Only missing
 * labels are inserted, because each attempt to insert takes an id.
 */
export async function labelIds(
  tx: Pick<PoolClient, "query">,
  kind: LabelKind,
  texts: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const values = [...new Set(texts)].filter((text) => text !== "").sort();
  if (values.length === 0) return new Map();
  const read = async (): Promise<Map<string, number>> => {
    const { rows } = await tx.query<{ id: number; value: string }>(
      "select id, value from bellwether.label where kind = $1 and value = any($2::text[])",
      [kind, values],
    );
    return new Map(rows.map(({ id, value }) => [value, id]));
  };
  const known = await read();
  const missing = values.filter((value) => !known.has(value));
  if (missing.length === 0) return known;
  await tx.query(
    "insert into bellwether.label (kind, value) select $1, v from unnest($2::text[]) v on conflict do nothing",
    [kind, missing],
  );
  return await read();
}
