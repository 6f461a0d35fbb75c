import type { PoolClient } from "pg";
import type { LabelColumn, ScoredChunk } from "../domain/scored-chunk.ts";

/** The supplier data that a score row needs. */
export interface RecordedSupplier {
  readonly id: number;
  readonly regionId: number | null;
  readonly categoryId: number | null;
  readonly exposure: number | null;
}

type LabelKind = "region" | "category";

/**
 * Inserts or updates the suppliers of a chunk. Columns that the chunk does not have stay unchanged. Returns
 * one entry per row. A second row of the same supplier changes nothing. Rows are written in the order of
 * their ids, so that two runs cannot deadlock.
 */
export async function recordSuppliers(tx: PoolClient, chunk: ScoredChunk): Promise<readonly RecordedSupplier[]> {
  const regionOf = await labelIds(tx, "region", chunk.regions);
  const categoryOf = await labelIds(tx, "category", chunk.categories);
  const firstRow = new Map<string, number>();
  for (const [row, id] of chunk.supplierIds.entries()) if (!firstRow.has(id)) firstRow.set(id, row);
  const ids = [...firstRow.keys()].sort();
  const rowsOf = ids.map((id) => firstRow.get(id) ?? 0);
  const exposureOf = (row: number): number | null => {
    const exposure = chunk.exposures?.[row] ?? Number.NaN;
    return Number.isNaN(exposure) ? null : exposure;
  };
  const reported = [chunk.names, chunk.regions, chunk.categories, chunk.exposures].map(
    (column) => column !== undefined,
  );
  const { rows: recorded } = await tx.query<RecordedSupplier & { externalId: string }>(UPSERT, [
    ids,
    rowsOf.map((row) => chunk.names?.[row] ?? ""),
    rowsOf.map((row) => regionOf(row)),
    rowsOf.map((row) => categoryOf(row)),
    rowsOf.map((row) => exposureOf(row)),
    ...reported,
  ]);
  const byId = new Map(recorded.map((supplier) => [supplier.externalId, supplier]));
  return chunk.supplierIds.map((id) => {
    const supplier = byId.get(id);
    if (!supplier) throw new Error(`supplier ${id} was not recorded`);
    return supplier;
  });
}

/**
 * Statement that inserts or updates suppliers. The parameters $6 to $9 state whether the chunk has the
 * column. Only rows that differ are written.
 */
const UPSERT = `
with told as (
  select * from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::float8[])
    as t(external_id, name, region_id, category_id, exposure)
), written as (
  insert into bellwether.supplier as s (external_id, name, region_id, category_id, exposure)
  select t.external_id, t.name, t.region_id, t.category_id, t.exposure from told t
    left join bellwether.supplier k on k.external_id = t.external_id
   where k.id is null
      or ($6 and k.name is distinct from t.name)
      or ($7 and k.region_id is distinct from t.region_id)
      or ($8 and k.category_id is distinct from t.category_id)
      or ($9 and k.exposure is distinct from t.exposure)
   order by t.external_id
  on conflict (external_id) do update set
    name = case when $6 then excluded.name else s.name end,
    region_id = case when $7 then excluded.region_id else s.region_id end,
    category_id = case when $8 then excluded.category_id else s.category_id end,
    exposure = case when $9 then excluded.exposure else s.exposure end
  returning id, external_id, region_id, category_id, exposure
)
select id, external_id as "externalId", region_id as "regionId", category_id as "categoryId", exposure from written
union all
select k.id, k.external_id, k.region_id, k.category_id, k.exposure from bellwether.supplier k
 where k.external_id = any($1::text[]) and k.external_id not in (select external_id from written)`;

/** Returns a function from a row to the id of its label. Null: not known. */
async function labelIds(
  tx: PoolClient,
  kind: LabelKind,
  column: LabelColumn | undefined,
): Promise<(row: number) => number | null> {
  if (!column) return () => null;
  const values = [...new Set(column.dictionary)].sort();
  await tx.query(
    "insert into bellwether.label (kind, value) select $1, v from unnest($2::text[]) v on conflict do nothing",
    [kind, values],
  );
  const { rows } = await tx.query<{ id: number; value: string }>(
    "select id, value from bellwether.label where kind = $1 and value = any($2::text[])",
    [kind, values],
  );
  const ids = new Map(rows.map(({ id, value }) => [value, id]));
  return (row) => ids.get(column.dictionary[column.codes[row] ?? -1] ?? "") ?? null;
}
