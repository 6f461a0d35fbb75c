import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { PoolClient } from "pg";
import { searchKey } from "../domain/search-key.ts";
import type { Db } from "./database.ts";

/** A supplier whose search keys are written. */
export interface NamedSupplier {
  readonly id: number;
  readonly externalId: string;
  readonly name: string;
}

/** Writes the keys by which suppliers are searched and ordered by name. */
export async function writeSearchKeys(
  tx: Pick<PoolClient, "query">,
  suppliers: readonly NamedSupplier[],
): Promise<void> {
  if (suppliers.length === 0) return;
  await tx.query(
    `insert into bellwether.supplier_search (supplier_id, id_key, name_key)
     select * from unnest($1::int[], $2::text[], $3::text[])
     on conflict (supplier_id) do update set name_key = excluded.name_key`,
    [
      suppliers.map(({ id }) => id),
      suppliers.map(({ externalId }) => searchKey(externalId)),
      suppliers.map(({ name }) => searchKey(name)),
    ],
  );
}

/** Number of suppliers whose keys one transaction writes. */
const BATCH = 5_000;

/**
 * Writes the search keys of suppliers that a release without search has stored. Each batch is a transaction of
 * its own, so an interrupted run continues where it stopped. Returns the number of suppliers.
 */
export async function fillSearchKeys(
  db: Db,
  inTransaction: <T>(work: (tx: { readonly connection: PoolClient }) => Promise<T>) => Promise<T>,
): Promise<number> {
  const { rows: sizes } = await db.execute<{ isComplete: boolean; last: number }>(sql`
    select (select count(*) from bellwether.supplier) = (select count(*) from bellwether.supplier_search) as "isComplete",
      coalesce((select max(id) from bellwether.supplier), 0) as last`);
  const [size] = sizes;
  if (!size || size.isComplete) return 0;
  let filled = 0;
  for (let after = 0; after < size.last; ) {
    const { rows } = await db.execute<NamedSupplier & Record<string, unknown>>(sql`
      select s.id, s.external_id as "externalId", s.name from bellwether.supplier s
      where s.id > ${after}::int and not exists (select from bellwether.supplier_search k where k.supplier_id = s.id)
      order by s.id limit ${BATCH}::int`);
    const last = rows.at(-1);
    if (!last) break;
    await inTransaction(({ connection }) => writeSearchKeys(connection, rows));
    filled += rows.length;
    after = last.id;
  }
  return filled;
}
