import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { SupplierIdentity } from "../../domain/merges/identity.ts";
import type { Identifier } from "../../domain/suppliers/supplier.ts";
import type { Db } from "../database.ts";

interface IdentityRow extends Record<string, unknown>, Omit<SupplierIdentity, "identifiers" | "mergedInto"> {
  readonly mergedInto: string | null;
  readonly identifiers: readonly Identifier[];
}

/** Reads the identities of suppliers by their numbers, in the order of the numbers. */
export async function readIdentities(
  db: Db,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, SupplierIdentity>> {
  if (numbers.length === 0) return new Map();
  const found = await identitiesWhere(db, sql`u.id = any(${sql.param([...numbers])}::int[])`);
  return new Map(found.map((identity) => [identity.number, identity]));
}

/** Reads the identities of suppliers by their ids. */
export async function findIdentities(
  db: Db,
  supplierIds: readonly string[],
): Promise<ReadonlyMap<string, SupplierIdentity>> {
  const found = await identitiesWhere(db, sql`u.external_id = any(${sql.param([...supplierIds])}::text[])`);
  return new Map(found.map((identity) => [identity.supplierId, identity]));
}

async function identitiesWhere(db: Db, condition: SQL): Promise<readonly SupplierIdentity[]> {
  // Each undo counts as a change of its own, so that the number is never the same again.
  const { rows } = await db.execute<IdentityRow>(sql`
    select u.id as number, u.external_id as "supplierId", u.name,
      coalesce((select value from bellwether.label where id = u.region_id), '') as region,
      coalesce((select value from bellwether.label where id = u.category_id), '') as category,
      (select coalesce(json_agg(json_build_object('kind', i.kind, 'value', i.value, 'isShared', i.is_shared)
         order by i.kind collate "C"), '[]')
       from bellwether.supplier_identifier i where i.supplier_id = u.id) as identifiers,
      (select s.external_id from bellwether.supplier_merge m join bellwether.supplier s on s.id = m.survivor_id
       where m.merged_id = u.id and m.undone_at is null) as "mergedInto",
      (select (count(*) + count(m.undone_at))::int from bellwether.supplier_merge m where m.survivor_id = u.id)
        + (select (count(*) + count(m.undone_at))::int from bellwether.supplier_merge m where m.merged_id = u.id)
        as "mergeChanges"
    from bellwether.supplier u where ${condition} order by u.id`);
  return rows.map(({ mergedInto, ...row }) => ({ ...row, mergedInto: mergedInto ?? "" }));
}

/** Returns the numbers of the suppliers that are merged into a supplier, in the order of the merges. */
export async function listMerged(db: Db, survivor: number, limit: number): Promise<readonly number[]> {
  const { rows } = await db.execute<{ merged: number }>(sql`
    select merged_id as merged from bellwether.supplier_merge
    where survivor_id = ${survivor}::int and undone_at is null order by change limit ${limit}::int`);
  return rows.map(({ merged }) => merged);
}
